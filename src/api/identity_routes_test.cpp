// Signing in through a provider, from begin to cookies, and every way in which it must not work.
#include <gtest/gtest.h>

#include "accounts/totp.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

class IdentityRoutesTest : public testing::Test, protected TestApi {
protected:
    void SetUp() override { add("login", "oidc", "https://login.example", "nobody"); }

    TestReply add(const std::string& id, const std::string& kind, const std::string& issuer,
                  const std::string& new_people, const std::string& domains = "[]") {
        return post("/api/v1/instance/sign-in-providers",
                    R"({"id":")" + id + R"(","kind":")" + kind + R"(","name":"Login","issuer":")" +
                        issuer +
                        R"(","client_id":"berth","client_secret":"s3cret","new_people":")" +
                        new_people + R"(","domains":)" + domains + "}",
                    owner_);
    }
    void set_new_people(const std::string& new_people, const std::string& domains = "[]") {
        send(http::Verb::del, "/api/v1/instance/sign-in-providers/login", "", owner_);
        add("login", "oidc", "https://login.example", new_people, domains);
    }

    /// A browser that was sent away: its cookie, and what it comes back with.
    struct Journey {
        std::string provider{};
        std::string cookie{};
        std::string state{};
        std::string code{};
    };
    Journey go(const TestReply& begun, const std::string& provider) {
        EXPECT_EQ(begun.status, 200u) << begun.text;
        const std::string set(begun.headers.get("set-cookie"));
        EXPECT_NE(set.find("HttpOnly; SameSite=Strict"), set.npos) << set;
        Journey journey{.provider = provider, .cookie = set.substr(0, set.find(';'))};
        journey.code = login_provider.consent(begun.at("url"));
        journey.state = login_provider.last.at("state");
        return journey;
    }
    Journey leave(const std::string& provider = "login") {
        return go(post("/api/v1/auth/providers/" + provider + "/begin", "{}"), provider);
    }
    TestReply come_back(const Journey& journey, const std::string& more = "") {
        return post(
            "/api/v1/auth/providers/" + journey.provider + "/complete",
            R"({"state":")" + journey.state + R"(","code":")" + journey.code + "\"" + more + "}",
            {.cookies = journey.cookie});
    }
    TestReply sign_in_there(const std::string& more = "") { return come_back(leave(), more); }

    Journey leave_to_link(const Sender& who, const std::string& password = "correct horse") {
        const std::string body = R"({"provider":"login","password":")" + password + "\"}";
        return go(post("/api/v1/auth/identities", body, who), "login");
    }
    TestReply link(const Journey& journey, Sender who) {
        who.cookies = journey.cookie;
        return post("/api/v1/auth/identity-return",
                    R"({"provider":"login","state":")" + journey.state + R"(","code":")" +
                        journey.code + "\"}",
                    who);
    }
    std::string link_owner() { return link(leave_to_link(owner_), owner_).at("id"); }

    static std::string decoded(const std::string& text) {
        constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        std::string bytes;
        unsigned pending = 0, bits = 0;
        for (const char c : text) {
            pending = (pending << 5) | static_cast<unsigned>(letters.find(c));
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            bytes += static_cast<char>((pending >> bits) & 255U);
        }
        return bytes;
    }

    std::string audit() {
        const TestReply rows = get("/api/v1/audit?limit=100", owner_);
        return rows.text;
    }

    Sender owner_ = owner();
};

TEST_F(IdentityRoutesTest, shows_buttons_and_nothing_else_of_a_provider) {
    const TestReply buttons = get("/api/v1/auth/providers");
    EXPECT_EQ(buttons.text,
              R"({"items":[{"id":"login","kind":"oidc","name":"Login"}],"next":null})");
}

TEST_F(IdentityRoutesTest, signs_in_whoever_linked_it) {
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
    const std::string id = link_owner();
    const TestReply in = sign_in_there();
    EXPECT_EQ(in.status, 200u) << in.text;
    EXPECT_EQ(in.json().at("user").at("email").as_string(), "ann@example.com");
    const Sender session{.bearer = in.at("access_token")};
    EXPECT_EQ(get("/api/v1/auth/session", session).status, 200u);
    const TestReply list = get("/api/v1/auth/identities", session);
    const boost::json::value one = list.json().at("items").at(0);
    EXPECT_EQ(one.at("id").as_string(), id);
    EXPECT_EQ(one.at("provider").as_string(), "Login");
    EXPECT_EQ(one.at("last_used_ms").as_int64(), now);
    EXPECT_NE(audit().find("through login"), std::string::npos);
    EXPECT_NE(audit().find("identity_linked"), std::string::npos);
}

TEST_F(IdentityRoutesTest, never_finds_an_account_by_its_address) {
    // The provider vouches for ann@example.com, who has an account and has linked nothing.
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
    set_new_people("domains", R"(["example.com"])");
    const TestReply refused = sign_in_there();
    EXPECT_EQ(refused.status, 409u);
    EXPECT_EQ(refused.code(), "account_exists");
    EXPECT_EQ(get("/api/v1/auth/identities", owner_).json().at("items").as_array().size(), 0u);
    EXPECT_NE(audit().find("sign_in_failed"), std::string::npos);
}

TEST_F(IdentityRoutesTest, a_person_is_their_subject_and_not_their_address) {
    link_owner();
    login_provider.email = "renamed@example.net";
    EXPECT_EQ(sign_in_there().json().at("user").at("email").as_string(), "ann@example.com");
    login_provider.subject = "u-2";
    login_provider.email = "ann@example.com";
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
}

TEST_F(IdentityRoutesTest, each_answer_counts_once_and_in_its_own_browser) {
    link_owner();
    const Journey used = leave();
    EXPECT_EQ(come_back(used).status, 200u);
    EXPECT_EQ(come_back(used).code(), "login_expired");
    // The same state with another code: the first use was the only one.
    Journey again = leave();
    login_provider.answers["https://login.example/token"] = {
        .status = 400, .headers = {}, .body = "{}"};
    EXPECT_EQ(come_back(again).code(), "provider_refused");
    login_provider.answers.clear();
    EXPECT_EQ(come_back(again).code(), "login_expired");

    Journey other_browser = leave();
    other_browser.cookie = leave().cookie;
    EXPECT_EQ(come_back(other_browser).code(), "login_expired");
    Journey no_browser = leave();
    no_browser.cookie = "";
    EXPECT_EQ(come_back(no_browser).code(), "login_expired");
    Journey forged = leave();
    forged.state = "guessed";
    EXPECT_EQ(come_back(forged).code(), "login_expired");
    Journey long_state = leave();
    long_state.state = std::string(1000, 's');
    EXPECT_EQ(come_back(long_state).code(), "login_expired");

    const Journey late = leave();
    now += 10 * 60'000;
    EXPECT_EQ(come_back(late).code(), "login_expired");
}

TEST_F(IdentityRoutesTest, the_answer_of_one_provider_does_for_no_other) {
    link_owner();
    add("second", "oidc", "https://login.example", "nobody");
    Journey mixed = leave();
    mixed.provider = "second";
    EXPECT_EQ(come_back(mixed).code(), "login_expired");
    const Journey named = leave();
    EXPECT_EQ(come_back(named, R"(,"issuer":"https://evil.example")").code(), "provider_refused");
}

TEST_F(IdentityRoutesTest, takes_no_code_of_another_browser_s_sign_in) {
    link_owner();
    // A victim's browser is made to finish what somebody else began: their code, its own state.
    const Journey attacker = leave();
    Journey victim = leave();
    victim.code = attacker.code;
    EXPECT_EQ(come_back(victim).code(), "provider_refused");
}

TEST_F(IdentityRoutesTest, takes_no_token_that_is_not_for_us_and_now) {
    link_owner();
    const std::function<void(boost::json::object&)> edits[] = {
        [](auto& claims) { claims["iss"] = "https://evil.example"; },
        [](auto& claims) { claims["aud"] = "other"; },
        [](auto& claims) { claims["azp"] = "other"; },
        [](auto& claims) { claims["nonce"] = "other"; },
        [](auto& claims) { claims["exp"] = 1; },
        [](auto& claims) { claims["iat"] = 1; },
        [](auto& claims) { claims.erase("sub"); },
    };
    for (const auto& edit : edits) {
        login_provider.edit = edit;
        const TestReply refused = sign_in_there();
        EXPECT_EQ(refused.status, 401u);
        EXPECT_EQ(refused.code(), "id_token_refused") << refused.text;
        EXPECT_EQ(refused.headers.find("set-cookie"), nullptr);
    }
}

TEST_F(IdentityRoutesTest, asks_for_the_account_s_second_factor) {
    link_owner();
    const TestReply offer = post("/api/v1/auth/totp", R"({"password":"correct horse"})", owner_);
    const std::string secret = decoded(offer.at("secret"));
    const auto code_now = [&] { return accounts::totp_code(secret, now / 30'000); };
    ASSERT_EQ(post("/api/v1/auth/totp/confirm", R"({"code":")" + code_now() + "\"}", owner_).status,
              200u);
    now += 30'000;

    const Journey journey = leave();
    const TestReply asked = come_back(journey);
    EXPECT_EQ(asked.code(), "second_factor_needed");
    EXPECT_EQ(asked.headers.find("set-cookie"), nullptr);
    EXPECT_EQ(come_back(journey, R"(,"second_factor":"000000")").code(), "wrong_code");
    // Who has state and code, but not the browser, gets nowhere.
    Journey elsewhere = journey;
    elsewhere.cookie = leave().cookie;
    const std::string right = R"(,"second_factor":")" + code_now() + "\"";
    EXPECT_EQ(come_back(elsewhere, right).code(), "login_expired");
    const TestReply in = come_back(journey, right);
    EXPECT_EQ(in.status, 200u) << in.text;
    EXPECT_EQ(come_back(journey, right).code(), "login_expired");
    EXPECT_NE(audit().find("and authenticator app"), std::string::npos);

    const Journey late = leave();
    EXPECT_EQ(come_back(late).code(), "second_factor_needed");
    now += 10 * 60'000;
    EXPECT_EQ(come_back(late, R"(,"second_factor":")" + code_now() + "\"").code(), "login_expired");
}

TEST_F(IdentityRoutesTest, refuses_a_disabled_person) {
    const Sender bob = stranger(owner_);
    EXPECT_EQ(link(leave_to_link(bob), bob).status, 201u);
    EXPECT_EQ(sign_in_there().status, 200u);
    const std::string id(get("/api/v1/auth/session", bob).json().at("user").at("id").as_string());
    send(http::Verb::patch, "/api/v1/users/" + id, R"({"disabled":true})", owner_);
    const TestReply refused = sign_in_there();
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(refused.code(), "identity_unknown");
    // Nor is there another account for them.
    set_new_people("domains", R"(["example.org"])");
    login_provider.email = "bob@example.org";
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
}

TEST_F(IdentityRoutesTest, makes_accounts_of_the_domains_alone) {
    set_new_people("domains", R"(["Example.org"])");
    login_provider.email = "Cy@example.ORG";
    login_provider.email_verified = false;
    EXPECT_EQ(sign_in_there().code(), "email_unverified");
    login_provider.email_verified = true;
    for (const char* other :
         {"cy@evil.org", "cy@sub.example.org", "cy@example.org.evil.org", "example.org@evil.com"}) {
        login_provider.email = other;
        EXPECT_EQ(sign_in_there().code(), "identity_unknown") << other;
    }
    login_provider.email = "Cy@example.ORG";
    const TestReply in = sign_in_there();
    EXPECT_EQ(in.status, 200u) << in.text;
    EXPECT_EQ(in.json().at("user").at("email").as_string(), "cy@example.org");
    EXPECT_EQ(in.json().at("user").at("role").as_string(), "member");
    const Sender cy{.bearer = in.at("access_token")};
    const TestReply session = get("/api/v1/auth/session", cy);
    EXPECT_FALSE(session.json().at("has_password").as_bool());
    EXPECT_EQ(session.json().at("teams").as_array().size(), 1u);
    EXPECT_EQ(sign_in_there().json().at("user").at("id"), in.json().at("user").at("id"));
    EXPECT_EQ(post("/api/v1/auth/login", R"({"email":"cy@example.org","password":""})").status,
              401u);
}

TEST_F(IdentityRoutesTest, makes_an_account_for_an_invitation_of_that_address) {
    const TestReply invited = post("/api/v1/teams/default/invitations",
                                   R"({"email":"di@example.net","role":"developer"})", owner_);
    const std::string url(invited.at("url"));
    const std::string more = R"(,"invitation":")" + url.substr(url.rfind('/') + 1) + "\"";
    login_provider.email = "di@example.net";
    EXPECT_EQ(sign_in_there(more).code(), "identity_unknown");  // nobody is let in by it
    set_new_people("invited");
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
    EXPECT_EQ(sign_in_there(R"(,"invitation":"ivt_x")").code(), "invitation_not_found");
    login_provider.email = "eve@example.net";
    EXPECT_EQ(sign_in_there(more).code(), "other_address");
    login_provider.email = "di@example.net";
    login_provider.email_verified = false;
    EXPECT_EQ(sign_in_there(more).code(), "email_unverified");
    login_provider.email_verified = true;
    const TestReply in = sign_in_there(more);
    EXPECT_EQ(in.status, 200u) << in.text;
    const Sender di{.bearer = in.at("access_token")};
    const TestReply session = get("/api/v1/auth/session", di);
    EXPECT_EQ(session.json().at("teams").at(0).at("slug").as_string(), "default");
    EXPECT_EQ(session.json().at("teams").at(0).at("role").as_string(), "developer");
    login_provider.subject = "u-9";
    EXPECT_EQ(sign_in_there(more).code(), "invitation_used");
}

TEST_F(IdentityRoutesTest, links_for_the_person_who_began_and_asked_again) {
    EXPECT_EQ(post("/api/v1/auth/identities", R"({"provider":"login","password":"wrong"})", owner_)
                  .code(),
              "wrong_password");
    const Sender bob = stranger(owner_);
    const Journey anns = leave_to_link(owner_);
    EXPECT_EQ(link(anns, bob).code(), "login_expired");
    EXPECT_EQ(come_back(anns).code(), "login_expired");  // nor does it sign in
    EXPECT_EQ(link(leave(), owner_).code(), "login_expired");
    EXPECT_EQ(link(anns, owner_).status, 201u);
    EXPECT_EQ(link(anns, owner_).code(), "login_expired");
    EXPECT_EQ(link(leave_to_link(bob), bob).code(), "identity_taken");
}

TEST_F(IdentityRoutesTest, the_last_way_in_stays) {
    set_new_people("domains", R"(["example.org"])");
    login_provider.email = "cy@example.org";
    const TestReply in = sign_in_there();
    const Sender cy{.bearer = in.at("access_token")};
    const std::string id(
        get("/api/v1/auth/identities", cy).json().at("items").at(0).at("id").as_string());
    EXPECT_EQ(send(http::Verb::del, "/api/v1/auth/identities/" + id, "", owner_).status, 404u);
    EXPECT_EQ(send(http::Verb::del, "/api/v1/auth/identities/" + id, "", cy).code(), "last_way_in");
    // A first password, soon after signing in; then the link may go.
    const std::string change = R"({"current":"","new":"battery staple"})";
    now += 10 * 60'000;
    EXPECT_EQ(post("/api/v1/auth/password", change, cy).code(), "sign_in_again");
    const Sender again{.bearer = sign_in_there().at("access_token")};
    EXPECT_EQ(post("/api/v1/auth/password", change, again).status, 204u);
    EXPECT_EQ(send(http::Verb::del, "/api/v1/auth/identities/" + id, "", again).status, 204u);
    EXPECT_EQ(sign_in("cy@example.org", "battery staple").bearer.empty(), false);
    // The provider still brings an account to the domain, but not to this one.
    EXPECT_EQ(sign_in_there().code(), "account_exists");
    EXPECT_NE(audit().find("identity_unlinked"), std::string::npos);
}

TEST_F(IdentityRoutesTest, a_reset_of_the_password_unlinks) {
    const Sender bob = stranger(owner_);
    EXPECT_EQ(link(leave_to_link(bob), bob).status, 201u);
    const std::string id(get("/api/v1/auth/session", bob).json().at("user").at("id").as_string());
    EXPECT_EQ(post("/api/v1/users/" + id + "/reset-password", "", owner_).status, 200u);
    EXPECT_EQ(sign_in_there().code(), "identity_unknown");
}

TEST_F(IdentityRoutesTest, a_provider_that_is_off_or_gone_lets_nobody_in) {
    link_owner();
    const Journey under_way = leave();
    const TestReply shown = get("/api/v1/instance/sign-in-providers/login", owner_);
    http::Headers match;
    match.set("if-match", std::string(shown.headers.get("etag")));
    const TestReply off = send(
        http::Verb::put, "/api/v1/instance/sign-in-providers/login",
        R"({"kind":"oidc","name":"L","issuer":"https://login.example","client_id":"berth","enabled":false})",
        owner_, match);
    ASSERT_EQ(off.status, 200u) << off.text;
    EXPECT_EQ(come_back(under_way).code(), "login_expired");
    EXPECT_EQ(post("/api/v1/auth/providers/login/begin", "{}").code(), "provider_not_found");
    EXPECT_EQ(get("/api/v1/auth/providers").json().at("items").as_array().size(), 0u);
    EXPECT_TRUE(
        get("/api/v1/auth/identities", owner_).json().at("items").at(0).at("provider").is_null());
}

TEST_F(IdentityRoutesTest, signs_in_with_github) {
    add("github", "github", "", "invited");
    const Journey first = leave("github");
    EXPECT_EQ(come_back(first).code(), "identity_unknown");
    const TestReply begun = post("/api/v1/auth/identities",
                                 R"({"provider":"github","password":"correct horse"})", owner_);
    const Journey linking = go(begun, "github");
    Sender sender = owner_;
    sender.cookies = linking.cookie;
    const TestReply linked = post("/api/v1/auth/identity-return",
                                  R"({"provider":"github","state":")" + linking.state +
                                      R"(","code":")" + linking.code + "\"}",
                                  sender);
    EXPECT_EQ(linked.status, 201u) << linked.text;
    EXPECT_EQ(linked.at("issuer"), "https://github.com");
    EXPECT_EQ(come_back(leave("github")).status, 200u);
}

TEST_F(IdentityRoutesTest, limits_tries_by_address) {
    unsigned last = 0;
    for (int i = 0; i < 25; ++i)
        last = post("/api/v1/auth/providers/login/begin", "{}").status;
    EXPECT_EQ(last, 429u);
    for (int i = 0; i < 25; ++i)
        last = post("/api/v1/auth/providers/login/complete", R"({"state":"x","code":"y"})").status;
    EXPECT_EQ(last, 429u);
}

TEST_F(IdentityRoutesTest, keeps_no_secret_of_a_sign_in_in_the_database) {
    const Journey journey = leave();
    const auto look = [](soci::session& sql) {
        return db::value<std::string>(
                   sql, "select state_hash || ' ' || browser_hash from provider_logins")
            .value_or("");
    };
    const std::string kept = wait(database.read(look));
    const std::string browser = journey.cookie.substr(journey.cookie.find('=') + 1);
    EXPECT_EQ(kept.find(journey.state), kept.npos);
    EXPECT_EQ(kept.find(browser), kept.npos);
    EXPECT_EQ(login_provider.last.at("redirect_uri"), "http://localhost:8080/login/callback/login");
}

TEST_F(IdentityRoutesTest, another_site_s_page_begins_nothing) {
    const Sender elsewhere{.origin = "https://evil.example"};
    EXPECT_EQ(post("/api/v1/auth/providers/login/begin", "{}", elsewhere).code(), "origin_refused");
    EXPECT_EQ(post("/api/v1/auth/providers/login/complete", R"({"state":"x"})", elsewhere).code(),
              "origin_refused");
}

}  // namespace
}  // namespace berth::api

// Passkeys over the API, with an authenticator in software.
#include <gtest/gtest.h>

#include "accounts/passkey_testing.hpp"
#include "api/testing.hpp"

namespace berth::api {
namespace {

using accounts::TestAuthenticator;

class PasskeyRoutesTest : public testing::Test, protected TestApi {
protected:
    PasskeyRoutesTest() {
        services.config.platform_url = "https://berth.example";
        ann_ = owner();
    }
    static std::string challenge_in(const TestReply& reply) {
        return from_base64url(reply.at("challenge")).value();
    }
    TestReply ask() { return post("/api/v1/auth/passkey-options", password_, ann_); }
    TestReply add(const TestAuthenticator& device, const std::string& challenge,
                  const std::string& name = "a key", std::optional<Sender> who = {}) {
        const std::string client = TestAuthenticator::client_data("webauthn.create", challenge);
        return post("/api/v1/auth/passkeys",
                    R"({"name":")" + name + R"(","client_data":")" + base64url(client) +
                        R"(","authenticator_data":")" + base64url(device.new_key()) + "\"}",
                    who.value_or(ann_));
    }
    TestReply login(const TestAuthenticator& device, const std::string& challenge) {
        const std::string client = TestAuthenticator::client_data("webauthn.get", challenge);
        const std::string data = device.head(5);
        return post("/api/v1/auth/passkey-login",
                    R"({"credential":")" + base64url(device.id) + R"(","client_data":")" +
                        base64url(client) + R"(","authenticator_data":")" + base64url(data) +
                        R"(","signature":")" + base64url(device.sign(data, client)) + "\"}");
    }
    std::string question() {
        return challenge_in(post("/api/v1/auth/passkey-login/options", "{}"));
    }

    const std::string password_ = R"({"password":"correct horse"})";
    Sender ann_{};
    TestAuthenticator device_{};
};

TEST_F(PasskeyRoutesTest, one_is_added_named_used_and_removed) {
    const TestReply asked = ask();
    EXPECT_EQ(asked.at("rp_id"), "berth.example");
    EXPECT_EQ(asked.at("user_name"), "ann@example.com");
    const TestReply added = add(device_, challenge_in(asked), "my phone");
    ASSERT_EQ(added.status, 201u) << added.text;
    EXPECT_EQ(added.at("name"), "my phone");
    const TestReply in = login(device_, question());
    ASSERT_EQ(in.status, 200u) << in.text;
    EXPECT_EQ(in.json().at("user").at("email").as_string(), "ann@example.com");
    EXPECT_EQ(get("/api/v1/auth/session", {.bearer = in.at("access_token")}).status, 200u);
    const auto listed = get("/api/v1/auth/passkeys", ann_).json().at("items").as_array();
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].at("last_used_ms").as_int64(), now);
    EXPECT_TRUE(get("/api/v1/audit", ann_).text.contains("by passkey"));
    const std::string path = "/api/v1/auth/passkeys/" + added.at("id");
    EXPECT_EQ(send(http::Verb::del, path, "", ann_).status, 204u);
    EXPECT_EQ(send(http::Verb::del, path, "", ann_).status, 404u);
    EXPECT_EQ(login(device_, question()).code(), "passkey_refused");
}

TEST_F(PasskeyRoutesTest, a_challenge_works_once_for_its_person_and_purpose) {
    const std::string first = challenge_in(ask());
    EXPECT_EQ(login(device_, first).code(), "passkey_refused");  // not for signing in
    ASSERT_EQ(add(device_, first).status, 201u);
    TestAuthenticator second;
    second.id = "another";
    EXPECT_EQ(add(second, first).code(), "passkey_refused");  // used
    EXPECT_EQ(add(second, question()).code(), "passkey_refused");
    EXPECT_EQ(add(second, random_bytes(32)).code(), "passkey_refused");
    const Sender bob = stranger(ann_);
    EXPECT_EQ(add(second, challenge_in(ask()), "x", bob).code(), "passkey_refused");
    const std::string once = question();
    EXPECT_EQ(login(device_, once).status, 200u);
    EXPECT_EQ(login(device_, once).code(), "passkey_refused");
    const std::string late = question();
    now += 5 * 60'000;
    EXPECT_EQ(login(device_, late).code(), "passkey_refused");
}

TEST_F(PasskeyRoutesTest, several_and_none_twice) {
    TestAuthenticator second;
    second.id = "another";
    ASSERT_EQ(add(device_, challenge_in(ask())).status, 201u);
    EXPECT_EQ(add(device_, challenge_in(ask())).code(), "passkey_taken");
    ASSERT_EQ(add(second, challenge_in(ask())).status, 201u);
    EXPECT_EQ(ask().json().at("exclude").as_array().size(), 2U);
    EXPECT_EQ(login(device_, question()).status, 200u);
    EXPECT_EQ(login(second, question()).status, 200u);
    EXPECT_EQ(add(second, challenge_in(ask()), "").code(), "invalid_name");
}

TEST_F(PasskeyRoutesTest, a_copied_passkey_is_found_by_its_count) {
    device_.count = 5;
    ASSERT_EQ(add(device_, challenge_in(ask())).status, 201u);
    device_.count = 6;
    EXPECT_EQ(login(device_, question()).status, 200u);
    EXPECT_EQ(login(device_, question()).status, 401u);  // 6 again
    EXPECT_TRUE(get("/api/v1/audit", ann_).text.contains("as of a copy"));
    device_.count = 7;
    EXPECT_EQ(login(device_, question()).status, 200u);
}

TEST_F(PasskeyRoutesTest, a_disabled_person_and_a_wrong_key_get_nothing) {
    const Sender bob = stranger(ann_);
    const TestReply asked = post("/api/v1/auth/passkey-options", password_, bob);
    ASSERT_EQ(add(device_, challenge_in(asked), "x", bob).status, 201u);
    TestAuthenticator forged;  // the same id, another key
    EXPECT_EQ(login(forged, question()).code(), "passkey_refused");
    const TestReply who = get("/api/v1/auth/session", bob);
    const std::string id(who.json().at("user").at("id").as_string());
    send(http::Verb::patch, "/api/v1/users/" + id, R"({"disabled":true})", ann_);
    EXPECT_EQ(login(device_, question()).code(), "passkey_refused");
}

TEST_F(PasskeyRoutesTest, adding_one_wants_the_password_and_a_browser_session) {
    const std::string wrong = R"({"password":"wrong horse"})";
    EXPECT_EQ(post("/api/v1/auth/passkey-options", wrong, ann_).code(), "wrong_password");
    const Sender by_token = token(ann_, "admin");
    EXPECT_EQ(post("/api/v1/auth/passkey-options", password_, by_token).status, 403u);
    EXPECT_EQ(get("/api/v1/auth/passkeys", by_token).status, 403u);
}

TEST_F(PasskeyRoutesTest, an_address_has_no_passkeys_and_says_why) {
    for (const char* url : {"http://192.0.2.1:8080", "https://192.0.2.1", "https://[2001:db8::1]",
                            "http://berth.example"}) {
        services.config.platform_url = url;
        const TestReply refused = post("/api/v1/auth/passkey-login/options", "{}");
        EXPECT_EQ(refused.status, 409u) << url;
        EXPECT_EQ(refused.code(), "passkeys_need_name") << url;
    }
    for (const char* url : {"http://localhost:8080", "https://berth.example:8443"}) {
        services.config.platform_url = url;
        EXPECT_EQ(post("/api/v1/auth/passkey-login/options", "{}").status, 200u) << url;
    }
}

TEST_F(PasskeyRoutesTest, a_second_factor_is_not_asked_for_besides) {
    ASSERT_EQ(add(device_, challenge_in(ask())).status, 201u);
    const TestReply offer = post("/api/v1/auth/totp", password_, ann_);
    EXPECT_EQ(offer.status, 201u);
    EXPECT_EQ(login(device_, question()).status, 200u);
}

}  // namespace
}  // namespace berth::api

// Set-up, sign-in, people, sessions, tokens and settings, as a client sees them.
#include <gtest/gtest.h>

#include "api/testing.hpp"

namespace berth::api {
namespace {

using http::Verb;

class AccountsRoutesTest : public testing::Test, protected TestApi {};

TEST_F(AccountsRoutesTest, says_that_it_waits_for_set_up_until_it_is_done) {
    EXPECT_EQ(get("/api/v1/setup").json().at("needed"), true);
    const std::string code = accounts->secrets().setup_code;
    const TestReply wrong = post(
        "/api/v1/setup", R"({"code":"x","email":"ann@example.com","password":"correct horse"})");
    EXPECT_EQ(wrong.status, 403u);
    EXPECT_EQ(wrong.pointer(), "/code");
    const TestReply weak =
        post("/api/v1/setup",
             R"({"code":")" + code + R"(","email":"ann@example.com","password":"short"})");
    EXPECT_EQ(weak.status, 422u);
    EXPECT_EQ(weak.pointer(), "/password");
    EXPECT_EQ(weak.code(), "password_too_short");
    const TestReply done =
        post("/api/v1/setup",
             R"({"code":")" + code + R"(","email":"ann@example.com","password":"correct horse"})");
    EXPECT_EQ(done.status, 201u);
    EXPECT_EQ(done.at("email"), "ann@example.com");
    EXPECT_EQ(done.at("role"), "owner");
    EXPECT_EQ(done.text.find("password_hash"), std::string::npos);
    EXPECT_EQ(get("/api/v1/setup").json().at("needed"), false);
    EXPECT_EQ(
        post("/api/v1/setup", R"({"code":"x","email":"b@b.c","password":"correct horse"})").status,
        409u);
}

TEST_F(AccountsRoutesTest, signs_in_and_says_who_that_is) {
    owner();
    const TestReply login =
        post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"correct horse"})");
    EXPECT_EQ(login.status, 200u);
    EXPECT_EQ(login.json().at("user").at("email"), "ann@example.com");
    EXPECT_EQ(login.json().at("expires_at_ms"), now + 15 * 60'000);
    const auto session = get("/api/v1/auth/session", {.bearer = login.at("access_token")}).json();
    EXPECT_EQ(session.at("teams").at(0).at("slug"), "default");
    EXPECT_EQ(session.at("teams").at(0).at("role"), "owner");
    EXPECT_TRUE(session.at("session").at("id").as_string().starts_with("ses_"));
    const TestReply wrong =
        post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"wrong horse"})");
    EXPECT_EQ(wrong.status, 401u);
    EXPECT_EQ(wrong.code(), "wrong_password");
    now += 15 * 60'000;
    const TestReply late = get("/api/v1/auth/session", {.bearer = login.at("access_token")});
    EXPECT_EQ(late.code(), "access_expired");
}

TEST_F(AccountsRoutesTest, slows_guessing_down_and_says_when_to_come_back) {
    owner();
    TestReply last;
    for (int i = 0; i < 11; ++i)
        last = post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"guess"})");
    EXPECT_EQ(last.status, 429u);
    EXPECT_EQ(last.code(), "too_many_attempts");
    EXPECT_FALSE(last.headers.get("retry-after").empty());
}

TEST_F(AccountsRoutesTest, lists_sessions_and_ends_one) {
    const Sender ann = owner();
    const Sender again = sign_in("ann@example.com", "correct horse");
    const auto sessions = get("/api/v1/sessions", ann).json().at("items").as_array();
    ASSERT_EQ(sessions.size(), 2u);
    int current = 0;
    for (const auto& session : sessions) {
        if (session.at("current").as_bool()) {
            ++current;
            continue;
        }
        const std::string id(session.at("id").as_string());
        EXPECT_EQ(send(Verb::del, "/api/v1/sessions/" + id, "", ann).status, 204u);
        EXPECT_EQ(send(Verb::del, "/api/v1/sessions/" + id, "", ann).status, 404u);
    }
    EXPECT_EQ(current, 1);
    EXPECT_EQ(get("/api/v1/sessions", again).status, 401u);
    EXPECT_EQ(get("/api/v1/sessions", ann).status, 200u);
}

TEST_F(AccountsRoutesTest, one_person_cannot_end_another_s_session_or_token) {
    const Sender ann = owner();
    const Sender bob = stranger(ann);
    const std::string session(
        get("/api/v1/sessions", ann).json().at("items").at(0).at("id").as_string());
    EXPECT_EQ(send(Verb::del, "/api/v1/sessions/" + session, "", bob).status, 404u);
    token(ann, "read");
    const std::string id(get("/api/v1/tokens", ann).json().at("items").at(0).at("id").as_string());
    EXPECT_EQ(send(Verb::del, "/api/v1/tokens/" + id, "", bob).status, 404u);
}

TEST_F(AccountsRoutesTest, a_token_works_until_it_is_revoked) {
    const Sender ann = owner();
    const TestReply made = post("/api/v1/tokens", R"({"name":"ci","scope":"deploy"})", ann);
    EXPECT_EQ(made.status, 201u);
    const Sender ci{.bearer = made.at("token")};
    EXPECT_EQ(get("/api/v1/auth/session", ci).json().at("session"), nullptr);
    const auto listed = get("/api/v1/tokens", ann).json().at("items").at(0);
    EXPECT_EQ(listed.as_object().if_contains("token"), nullptr);
    EXPECT_EQ(listed.at("scope"), "deploy");
    EXPECT_EQ(send(Verb::del, "/api/v1/tokens/" + made.at("id"), "", ann).status, 204u);
    EXPECT_EQ(get("/api/v1/auth/session", ci).status, 401u);
    EXPECT_EQ(post("/api/v1/tokens", R"({"name":"x","scope":"all"})", ann).pointer(), "/scope");
}

TEST_F(AccountsRoutesTest, a_token_may_be_for_several_projects) {
    const Sender ann = owner();
    const std::string shop = add_project(ann, "shop");
    const std::string blog = add_project(ann, "blog");
    add_project(ann, "other");
    const TestReply made =
        post("/api/v1/tokens",
             R"({"name":"ci","scope":"admin","projects":["shop",")" + blog + R"(","shop"]})", ann);
    EXPECT_EQ(made.status, 201u) << made.text;
    const boost::json::array both{boost::json::string(shop), boost::json::string(blog)};
    EXPECT_EQ(made.json().at("projects").as_array(), both);
    EXPECT_EQ(get("/api/v1/tokens", ann).json().at("items").at(0).at("projects").as_array(), both);
    const Sender ci{.bearer = made.at("token")};
    EXPECT_EQ(get("/api/v1/projects/shop", ci).status, 200u);
    EXPECT_EQ(get("/api/v1/projects/blog", ci).status, 200u);
    EXPECT_EQ(get("/api/v1/projects/other", ci).status, 404u);
    EXPECT_EQ(get("/api/v1/projects", ci).status, 403u);
    EXPECT_EQ(get("/api/v1/teams", ci).status, 403u);
    // When one of them is gone, it is for the other alone, and not for more.
    send(Verb::del, "/api/v1/projects/shop", "", ann);
    EXPECT_EQ(get("/api/v1/projects/shop", ci).status, 404u);
    EXPECT_EQ(get("/api/v1/projects/blog", ci).status, 200u);
    EXPECT_EQ(get("/api/v1/projects/other", ci).status, 404u);
}

TEST_F(AccountsRoutesTest, refuses_projects_of_a_token_that_cannot_be) {
    const Sender ann = owner();
    add_project(ann, "shop");
    const auto refused = [&](const std::string& projects) {
        return post("/api/v1/tokens", R"({"name":"x","scope":"read","projects":)" + projects + "}",
                    ann);
    };
    EXPECT_EQ(refused(R"(["shop","none"])").pointer(), "/projects/1");
    EXPECT_EQ(refused("[]").code(), "empty_projects");
    std::string many = "\"shop\"";
    for (int i = 0; i < 50; ++i)
        many += ",\"shop\"";
    EXPECT_EQ(refused("[" + many + "]").code(), "too_many_projects");
    EXPECT_EQ(refused(R"("shop")").code(), "wrong_type");
}

TEST_F(AccountsRoutesTest, pages_through_tokens) {
    const Sender ann = owner();
    for (int i = 0; i < 3; ++i)
        token(ann, "read");
    const TestReply first = get("/api/v1/tokens?limit=2", ann);
    EXPECT_EQ(first.json().at("items").as_array().size(), 2u);
    const TestReply last = get("/api/v1/tokens?limit=2&cursor=" + first.at("next"), ann);
    EXPECT_EQ(last.json().at("items").as_array().size(), 1u);
    EXPECT_EQ(last.json().at("next"), nullptr);
    EXPECT_EQ(get("/api/v1/sessions?limit=1", ann).json().at("next"), nullptr);
}

TEST_F(AccountsRoutesTest, goes_on_paging_where_an_item_went_away) {
    const Sender ann = owner();
    for (int i = 0; i < 4; ++i)
        token(ann, "read");
    const TestReply first = get("/api/v1/tokens?limit=2", ann);
    const std::string last(first.json().at("items").at(1).at("id").as_string());
    send(Verb::del, "/api/v1/tokens/" + last, "", ann);
    const TestReply rest = get("/api/v1/tokens?limit=2&cursor=" + first.at("next"), ann);
    EXPECT_EQ(rest.json().at("items").as_array().size(), 2u);

    const Sender script = token(ann, "admin");
    for (int i = 0; i < 2; ++i)
        sign_in("ann@example.com", "correct horse");
    const TestReply sessions = get("/api/v1/sessions?limit=2", script);
    const std::string ended(sessions.json().at("items").at(1).at("id").as_string());
    send(Verb::del, "/api/v1/sessions/" + ended, "", script);
    const TestReply more = get("/api/v1/sessions?limit=2&cursor=" + sessions.at("next"), script);
    EXPECT_EQ(more.json().at("items").as_array().size(), 1u);
}

TEST_F(AccountsRoutesTest, a_change_without_its_field_changes_nobody) {
    const Sender ann = owner();
    const TestReply bob = post("/api/v1/users", R"({"email":"bob@example.com"})", ann);
    const std::string place = "/api/v1/users/" + bob.at("id");
    send(Verb::patch, place, R"({"disabled":true})", ann);
    const TestReply empty = send(Verb::patch, place, "{}", ann);
    EXPECT_EQ(empty.status, 422u);
    EXPECT_EQ(empty.code(), "missing_field");
    EXPECT_EQ(empty.pointer(), "/disabled");
    EXPECT_EQ(get("/api/v1/users", ann).json().at("items").at(1).at("disabled"), true);
    const TestReply list = send(Verb::patch, "/api/v1/instance/settings", "[]", ann);
    EXPECT_EQ(list.code(), "wrong_type");
}

TEST_F(AccountsRoutesTest, many_wrong_passwords_at_once_are_not_more_than_one_after_another) {
    const Sender ann = owner();
    std::vector<http::Request> requests(30);
    int looked_at = 0;
    asio::io_context loop;
    for (http::Request& request : requests) {
        request.verb = Verb::post;
        request.path = "/api/v1/auth/password";
        request.headers.set("authorization", "Bearer " + ann.bearer);
        request.body = R"({"current":"wrong horse","new":"battery staple"})";
        asio::co_spawn(loop, answer(services, request),
                       [&](std::exception_ptr, http::Response response) {
                           looked_at += response.status == 403 ? 1 : 0;
                       });
    }
    loop.run();
    EXPECT_EQ(looked_at, 10);
}

TEST_F(AccountsRoutesTest, says_how_many_attempts_are_left_and_when_to_come_back) {
    owner();
    const std::string wrong = R"({"email":"ann@example.com","password":"wrong horse"})";
    const TestReply first = post("/api/v1/auth/login", wrong);
    EXPECT_EQ(first.headers.get("ratelimit-policy"),
              "\"address\";q=20;w=60, \"account\";q=10;w=900");
    EXPECT_EQ(first.headers.get("ratelimit"), "\"address\";r=19;t=60, \"account\";r=9;t=900");
    for (int i = 0; i < 9; ++i)
        post("/api/v1/auth/login", wrong);
    now += 61'000;
    const TestReply refused = post("/api/v1/auth/login", wrong);
    EXPECT_EQ(refused.status, 429u);
    EXPECT_EQ(refused.headers.get("ratelimit"), "\"address\";r=20, \"account\";r=0;t=839");
    EXPECT_EQ(refused.headers.get("retry-after"), "839");
    const auto tells = [](const auto& field) { return field.first == "retry-after"; };
    EXPECT_EQ(std::ranges::count_if(refused.headers, tells), 1);
}

TEST_F(AccountsRoutesTest, adds_disables_and_resets_people) {
    const Sender ann = owner();
    const TestReply bob = post("/api/v1/users", R"({"email":"bob@example.com"})", ann);
    EXPECT_EQ(bob.status, 201u);
    EXPECT_EQ(bob.at("password").size(), 23u);
    EXPECT_EQ(post("/api/v1/users", R"({"email":"BOB@example.com"})", ann).code(), "email_taken");
    EXPECT_EQ(post("/api/v1/users", R"({"email":"nonsense"})", ann).pointer(), "/email");
    const std::string place = "/api/v1/users/" + bob.at("id");
    EXPECT_EQ(send(Verb::patch, place, R"({"disabled":true})", ann).json().at("disabled"), true);
    EXPECT_EQ(send(Verb::patch, place, R"({"disabled":1})", ann).pointer(), "/disabled");
    EXPECT_EQ(send(Verb::patch, place, R"({"disabled":false})", ann).status, 200u);
    const TestReply reset = post(place + "/reset-password", "", ann);
    EXPECT_FALSE(sign_in("bob@example.com", reset.at("password")).bearer.empty());
    EXPECT_EQ(post("/api/v1/users/usr_x/reset-password", "", ann).status, 404u);
    EXPECT_EQ(post("/api/v1/auth/login",
                   R"({"email":"bob@example.com","password":")" + bob.at("password") + "\"}")
                  .status,
              401u);
}

TEST_F(AccountsRoutesTest, pages_through_people) {
    const Sender ann = owner();
    for (const char* name : {"b", "c", "d"}) {
        post("/api/v1/users",
             std::string(R"({"email":")") + name + R"(@example.com","password":"correct horse"})",
             ann);
    }
    std::string target = "/api/v1/users?limit=3";
    const TestReply first = get(target, ann);
    EXPECT_EQ(first.json().at("items").as_array().size(), 3u);
    const std::string next = first.at("next");
    const TestReply last = get(target + "&cursor=" + next, ann);
    EXPECT_EQ(last.json().at("items").as_array().size(), 1u);
    EXPECT_EQ(last.json().at("next"), nullptr);
    EXPECT_EQ(get("/api/v1/projects?cursor=" + next, ann).code(), "cursor_mismatch");
    EXPECT_EQ(get("/api/v1/users?cursor=%21", ann).code(), "bad_cursor");
    for (const char* limit : {"0", "101", "-1", "x", "1x", ""})
        EXPECT_EQ(get(std::string("/api/v1/users?limit=") + limit, ann).code(), "bad_limit");
}

TEST_F(AccountsRoutesTest, takes_sign_ups_only_while_the_switch_is_on) {
    const Sender ann = owner();
    const std::string body = R"({"email":"eve@example.com","password":"correct horse"})";
    EXPECT_EQ(post("/api/v1/auth/signup", body).code(), "signup_closed");
    const TestReply changed =
        send(Verb::patch, "/api/v1/instance/settings", R"({"public_signup":true})", ann);
    EXPECT_EQ(changed.status, 200u);
    EXPECT_EQ(changed.json().at("public_signup"), true);
    EXPECT_EQ(get("/api/v1/setup").json().at("public_signup"), true);
    const TestReply eve = post("/api/v1/auth/signup", body);
    EXPECT_EQ(eve.status, 201u);
    EXPECT_EQ(eve.at("role"), "member");
    EXPECT_EQ(post("/api/v1/auth/signup", body).code(), "email_taken");
    const Sender as_eve{.bearer = eve.at("access_token")};
    EXPECT_EQ(get("/api/v1/users", as_eve).status, 403u);
    EXPECT_EQ(send(Verb::patch, "/api/v1/instance/settings", R"({"base_host":"x"})", ann).pointer(),
              "/base_host");
}

TEST_F(AccountsRoutesTest, changes_a_password_and_ends_the_other_sessions) {
    const Sender ann = owner();
    const Sender other = sign_in("ann@example.com", "correct horse");
    EXPECT_EQ(post("/api/v1/auth/password", R"({"current":"wrong","new":"battery staple"})", ann)
                  .pointer(),
              "/current");
    EXPECT_EQ(
        post("/api/v1/auth/password", R"({"current":"correct horse","new":"x"})", ann).pointer(),
        "/new");
    EXPECT_EQ(post("/api/v1/auth/password", R"({"old":"correct horse","new":"x"})", ann).pointer(),
              "/old");
    EXPECT_EQ(
        post("/api/v1/auth/password", R"({"current":"correct horse","new":"battery staple"})", ann)
            .status,
        204u);
    EXPECT_EQ(get("/api/v1/auth/session", other).status, 401u);
    EXPECT_EQ(get("/api/v1/auth/session", ann).status, 200u);
}

TEST_F(AccountsRoutesTest, says_whether_it_is_well) {
    EXPECT_EQ(get("/api/v1/instance/health").at("status"), "ready");
    EXPECT_EQ(get("/livez").status, 200u);
    services.ready = [] {
        return answered(Result<>(fail(Failure::unavailable, "the object store is gone")));
    };
    const TestReply ill = get("/readyz");
    EXPECT_EQ(ill.status, 503u);
    EXPECT_EQ(ill.at("detail"), "the object store is gone");
    EXPECT_GE(get("/api/v1/instance/version").json().at("schema").as_int64(), 1);
    EXPECT_EQ(get("/api/v1/openapi.json").at("openapi"), "3.1.0");
}

}  // namespace
}  // namespace berth::api

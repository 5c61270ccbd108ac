// The front door: errors, cookies, origins, query parameters, idempotency.
#include "api/answer.hpp"

#include <gtest/gtest.h>

#include "api/access.hpp"
#include "api/testing.hpp"
#include "base/id.hpp"

namespace berth::api {
namespace {

using http::Verb;

class AnswerTest : public testing::Test, protected TestApi {};

Task<Result<jobs::Inspection>> broken(std::string why) {
    throw std::runtime_error(why);
    co_return jobs::Inspection{};
}

constexpr const char* ours = "http://localhost:8080";

/// "a=1; b=2" of the Set-Cookie fields of an answer.
std::string cookies_of(const TestReply& reply) {
    std::string cookies;
    for (const auto& [name, value] : reply.headers) {
        if (name != "set-cookie") continue;
        cookies += (cookies.empty() ? "" : "; ") + value.substr(0, value.find(';'));
    }
    return cookies;
}

TEST_F(AnswerTest, explains_an_error_as_problem_json_with_the_request_s_id) {
    const TestReply reply = get("/api/v1/nothing");
    EXPECT_EQ(reply.status, 404u);
    EXPECT_EQ(reply.headers.get("content-type"), "application/problem+json");
    const auto body = reply.json();
    EXPECT_EQ(body.at("code"), "not_found");
    EXPECT_EQ(body.at("status"), 404);
    EXPECT_EQ(body.at("instance").as_string(), reply.headers.get("x-request-id"));
    EXPECT_TRUE(is_id(reply.headers.get("x-request-id"), "req"));
    EXPECT_TRUE(body.at("errors").as_array().empty());
    EXPECT_EQ(reply.headers.get("cache-control"), "no-store");
    EXPECT_EQ(reply.headers.get("x-content-type-options"), "nosniff");
}

TEST_F(AnswerTest, names_the_field_of_a_bad_body) {
    const TestReply malformed = post("/api/v1/auth/login", "{\"email\":");
    EXPECT_EQ(malformed.status, 400u);
    EXPECT_EQ(malformed.code(), "malformed_json");
    const TestReply unknown = post("/api/v1/auth/login", R"({"mail":"a"})");
    EXPECT_EQ(unknown.status, 422u);
    EXPECT_EQ(unknown.code(), "unknown_field");
    EXPECT_EQ(unknown.pointer(), "/mail");
    const TestReply wrong = post("/api/v1/auth/login", R"({"email":1})");
    EXPECT_EQ(wrong.status, 422u);
    EXPECT_EQ(wrong.pointer(), "/email");
    EXPECT_EQ(post("/api/v1/auth/login", "[]").status, 422u);
}

TEST_F(AnswerTest, refuses_unknown_query_parameters_and_other_methods) {
    EXPECT_EQ(get("/api/v1/setup?x=1").code(), "unknown_parameter");
    EXPECT_EQ(get("/api/v1/setup?x=1").status, 400u);
    const TestReply reply = send(Verb::del, "/api/v1/setup");
    EXPECT_EQ(reply.status, 405u);
    EXPECT_EQ(reply.headers.get("allow"), "GET, HEAD, POST");
    EXPECT_EQ(send(Verb::head, "/api/v1/setup").status, 200u);
}

TEST_F(AnswerTest, sends_people_who_are_not_signed_in_to_sign_in) {
    const TestReply reply = get("/api/v1/projects");
    EXPECT_EQ(reply.status, 401u);
    EXPECT_EQ(reply.json().at("next").at(0).at("command"), "berth login");
    EXPECT_EQ(get("/api/v1/projects", {.bearer = "tok_nonsense"}).status, 401u);
    EXPECT_EQ(get("/api/v1/projects", {.bearer = "a.b.c"}).status, 401u);
}

TEST_F(AnswerTest, needs_an_exact_origin_for_what_a_cookie_does) {
    owner();
    const TestReply login =
        post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"correct horse"})");
    const std::string cookies = cookies_of(login);
    const std::string body = R"({"name":"t","scope":"read"})";
    const auto by = [&](std::optional<std::string> origin, const http::Headers& more = {}) {
        return post("/api/v1/tokens", body, {.cookies = cookies, .origin = origin}, more);
    };
    EXPECT_EQ(get("/api/v1/projects", {.cookies = cookies}).status, 200u);
    EXPECT_EQ(by(ours).status, 201u);
    EXPECT_EQ(by(std::nullopt).code(), "origin_missing");
    for (const char* foreign :
         {"http://evil.localhost:8080", "https://localhost:8080", "http://localhost", "null",
          "http://localhost:8080.evil.example", ""}) {
        EXPECT_EQ(by(foreign).code(), "origin_refused") << foreign;
        EXPECT_EQ(by(foreign).status, 403u);
    }
    http::Headers same_site;
    same_site.set("sec-fetch-site", "same-site");
    EXPECT_EQ(by(ours, same_site).code(), "origin_refused");
    http::Headers same_origin;
    same_origin.set("sec-fetch-site", "same-origin");
    EXPECT_EQ(by(ours, same_origin).status, 201u);
    // An upgrade is no safe request, though it is a GET.
    http::Headers upgrade;
    upgrade.set("upgrade", "websocket");
    const Sender evil{.cookies = cookies, .origin = "http://evil.localhost:8080"};
    EXPECT_EQ(send(Verb::get, "/api/v1/projects", "", evil, upgrade).code(), "origin_refused");
}

TEST_F(AnswerTest, knows_itself_behind_a_tunnel_and_by_its_address) {
    const auto result = [&](const char* host, const char* authority, const char* origin) {
        http::Request request;
        request.verb = Verb::post;
        request.host = host;
        request.headers.set("host", authority);
        request.headers.set("origin", origin);
        return check_origin(services.config, request).has_value();
    };
    EXPECT_TRUE(result("localhost", "localhost:9999", "http://localhost:9999"));
    EXPECT_TRUE(result("192.0.2.5", "192.0.2.5:8080", "http://192.0.2.5:8080"));
    EXPECT_TRUE(result("[::1]", "[::1]:8080", "http://[::1]:8080"));
    EXPECT_FALSE(result("localhost", "localhost:8080", "http://localhost:3000"));
    EXPECT_FALSE(result("evil.example", "evil.example", "http://evil.example"));
    EXPECT_FALSE(result("shop.localhost", "shop.localhost:8080", "http://shop.localhost:8080"));
}

TEST_F(AnswerTest, takes_no_sign_in_from_another_site_s_page) {
    owner();
    const std::string body = R"({"email":"ann@example.com","password":"correct horse"})";
    EXPECT_EQ(post("/api/v1/auth/login", body, {.origin = "http://evil.localhost:8080"}).status,
              403u);
    EXPECT_EQ(post("/api/v1/auth/login", body, {.origin = ours}).status, 200u);
    EXPECT_EQ(post("/api/v1/auth/login", body).status, 200u);
}

TEST_F(AnswerTest, keeps_cookies_from_scripts_other_sites_and_plain_http) {
    const std::string code = accounts->secrets().setup_code;
    const TestReply plain =
        post("/api/v1/setup",
             R"({"code":")" + code + R"(","email":"ann@example.com","password":"correct horse"})");
    EXPECT_EQ(plain.status, 201u);
    int count = 0;
    for (const auto& [name, value] : plain.headers) {
        if (name != "set-cookie") continue;
        ++count;
        EXPECT_NE(value.find("HttpOnly"), std::string::npos);
        EXPECT_NE(value.find("SameSite=Strict"), std::string::npos);
        EXPECT_NE(value.find("Path=/;"), std::string::npos);
        EXPECT_EQ(value.find("Domain"), std::string::npos);
    }
    EXPECT_EQ(count, 2);
    http::Request request;
    request.verb = Verb::post;
    request.path = "/api/v1/auth/login";
    request.secure = true;
    request.body = R"({"email":"ann@example.com","password":"correct horse"})";
    const http::Response tls = wait(answer(services, request));
    EXPECT_TRUE(tls.headers.get("set-cookie").starts_with("__Host-berth_access="));
    EXPECT_NE(tls.headers.get("set-cookie").find("; Secure"), std::string::npos);
}

TEST_F(AnswerTest, refreshes_by_cookie_and_ends_a_session_at_once) {
    owner();
    const TestReply login =
        post("/api/v1/auth/login", R"({"email":"ann@example.com","password":"correct horse"})");
    const std::string cookies = cookies_of(login);
    EXPECT_EQ(post("/api/v1/auth/refresh", "", {.cookies = cookies}).code(), "origin_missing");
    const TestReply next = post("/api/v1/auth/refresh", "", {.cookies = cookies, .origin = ours});
    EXPECT_EQ(next.status, 200u);
    const Sender fresh{.cookies = cookies_of(next), .origin = ours};
    EXPECT_EQ(get("/api/v1/auth/session", fresh).json().at("user").at("email"), "ann@example.com");
    EXPECT_EQ(post("/api/v1/auth/logout", "", fresh).status, 204u);
    EXPECT_EQ(get("/api/v1/auth/session", fresh).code(), "session_ended");
    EXPECT_EQ(post("/api/v1/auth/refresh", "", fresh).status, 401u);
}

TEST_F(AnswerTest, acts_once_for_one_idempotency_key) {
    const Sender ann = owner();
    http::Headers key;
    key.set("idempotency-key", "k-1");
    const std::string body = R"({"name":"shop","repo_url":"https://git.example/a.git"})";
    const TestReply first = post("/api/v1/projects", body, ann, key);
    const TestReply again = post("/api/v1/projects", body, ann, key);
    EXPECT_EQ(first.status, 201u);
    EXPECT_EQ(again.status, 201u);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.headers.get("etag"), first.headers.get("etag"));
    EXPECT_EQ(again.headers.get("idempotency-replayed"), "?1");
    const TestReply other = post("/api/v1/projects", "{}", ann, key);
    EXPECT_EQ(other.status, 422u);
    EXPECT_EQ(other.code(), "idempotency_mismatch");
    now += 25ll * 3600 * 1000;
    const Sender later = sign_in("ann@example.com", "correct horse");
    EXPECT_EQ(post("/api/v1/projects", body, later, key).code(), "name_taken");
}

TEST_F(AnswerTest, does_not_replay_an_answer_that_passes) {
    const Sender ann = owner();
    http::Headers key;
    key.set("idempotency-key", "k-3");
    const std::string body = R"({"repo_url":"https://git.example/a.git"})";
    EXPECT_EQ(post("/api/v1/inspect", body, ann, key).status, 503u);
    services.inspect = [](jobs::Source) {
        return answered(Result<jobs::Inspection>(jobs::Inspection{}));
    };
    EXPECT_EQ(post("/api/v1/inspect", body, ann, key).status, 200u);
}

TEST_F(AnswerTest, asks_for_patience_while_the_first_request_is_under_way) {
    const Sender ann = owner();
    http::Headers key;
    key.set("idempotency-key", "k-4");
    const std::string body = R"({"repo_url":"https://git.example/a.git"})";
    TestReply second;
    services.inspect = [&](jobs::Source) {
        second = post("/api/v1/inspect", body, ann, key);
        return answered(Result<jobs::Inspection>(jobs::Inspection{}));
    };
    EXPECT_EQ(post("/api/v1/inspect", body, ann, key).status, 200u);
    EXPECT_EQ(second.status, 409u);
    EXPECT_EQ(second.code(), "idempotency_running");
    EXPECT_EQ(second.headers.get("retry-after"), "5");
}

TEST_F(AnswerTest, replays_a_new_token_without_keeping_it_readable) {
    const Sender ann = owner();
    http::Headers key;
    key.set("idempotency-key", "k-2");
    const std::string body = R"({"name":"t","scope":"read"})";
    const TestReply first = post("/api/v1/tokens", body, ann, key);
    EXPECT_EQ(post("/api/v1/tokens", body, ann, key).at("token"), first.at("token"));
    EXPECT_EQ(get("/api/v1/tokens", ann).json().at("items").as_array().size(), 1u);
    key.set("idempotency-key", std::string(256, 'x'));
    EXPECT_EQ(post("/api/v1/tokens", body, ann, key).code(), "invalid_idempotency_key");
}

TEST_F(AnswerTest, survives_a_handler_that_breaks) {
    const Sender ann = owner();
    services.inspect = [](jobs::Source) { return broken("disk on fire"); };
    const TestReply reply =
        post("/api/v1/inspect", R"({"repo_url":"https://git.example/a.git"})", ann);
    EXPECT_EQ(reply.status, 500u);
    EXPECT_EQ(reply.code(), "internal");
    EXPECT_EQ(reply.text.find("fire"), std::string::npos);
}

TEST_F(AnswerTest, says_that_the_disk_is_full) {
    const Sender ann = owner();
    services.inspect = [](jobs::Source) {
        return broken("sqlite3_step: database or disk is full");
    };
    const TestReply reply =
        post("/api/v1/inspect", R"({"repo_url":"https://git.example/a.git"})", ann);
    EXPECT_EQ(reply.status, 503u);
    EXPECT_EQ(reply.code(), "disk_full");
    EXPECT_EQ(reply.json().at("next").at(0).at("command"), "berth gc");
}

TEST_F(AnswerTest, plans_bodies_by_route) {
    http::Request request;
    request.verb = Verb::put;
    request.path = "/api/v1/projects/shop/env";
    EXPECT_EQ(plan_body(request).bytes_max, 8u << 20);
    request.path = "/nowhere";
    EXPECT_EQ(plan_body(request).bytes_max, 64u << 10);
}

}  // namespace
}  // namespace berth::api

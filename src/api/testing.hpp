#pragma once
/// For tests only: the whole API over a database in memory, spoken to without a socket.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "accounts/testing.hpp"
#include "api/answer.hpp"
#include "api/route.hpp"
#include "api/schema_check.hpp"
#include "githosts/host_testing.hpp"
#include "identity/testing.hpp"
#include "notifications/channel_store.hpp"
#include "projects/git_connection_store.hpp"
#include "projects/git_head_store.hpp"
#include "projects/git_report_store.hpp"
#include "projects/git_request_store.hpp"
#include "projects/project_store.hpp"
#include "projects/visitor_store.hpp"
#include "projects/webhook_store.hpp"
#include "visitors/pass.hpp"

namespace berth::api {

/// A task that has its value already: what a lambda may return that stands for a service.
template <class T>
Task<T> answered(T value) {
    co_return value;
}

/// What a test sends with.
struct Sender {
    std::string bearer{};
    std::string cookies{};  // "a=1; b=2"
    std::optional<std::string> origin{};
};

struct TestReply {
    unsigned status = 0;
    http::Headers headers{};
    std::string text{};

    boost::json::value json() const { return boost::json::parse(text.empty() ? "null" : text); }
    std::string code() const { return std::string(json().at("code").as_string()); }
    std::string pointer() const {
        return std::string(json().at("errors").at(0).at("pointer").as_string());
    }
    std::string at(std::string_view key) const { return std::string(json().at(key).as_string()); }
};

struct TestApi : accounts::TestAccounts {
    TestReply send(http::Verb verb, const std::string& target, const std::string& body = "",
                   const Sender& sender = {}, const http::Headers& more = {}) {
        http::Request request;
        request.verb = verb;
        request.target = target;
        request.path = target.substr(0, target.find('?'));
        if (request.path.size() < target.size()) {
            request.query = target.substr(request.path.size() + 1);
        }
        request.host = "localhost";
        request.peer = "192.0.2.1";
        request.body = body;
        request.headers = more;
        request.headers.set("host", "localhost:8080");
        if (!sender.bearer.empty()) {
            request.headers.set("authorization", "Bearer " + sender.bearer);
        }
        if (!sender.cookies.empty()) request.headers.set("cookie", sender.cookies);
        if (sender.origin) request.headers.set("origin", *sender.origin);
        http::Response response = wait(answer(services, request));
        TestReply reply{.status = response.status, .headers = response.headers, .text = {}};
        if (const auto* text = std::get_if<std::string>(&response.body)) {
            reply.text = *text;
            check_described(request, reply);
        }
        return reply;
    }
    TestReply get(const std::string& target, const Sender& sender = {}) {
        return send(http::Verb::get, target, "", sender);
    }
    TestReply post(const std::string& target, const std::string& body, const Sender& sender = {},
                   const http::Headers& more = {}) {
        return send(http::Verb::post, target, body, sender, more);
    }

    /// Sets up; returns the access token of the first person.
    Sender owner() {
        const std::string code = accounts->secrets().setup_code;
        const TestReply reply =
            post("/api/v1/setup", R"({"code":")" + code +
                                      R"(","email":"ann@example.com","password":"correct horse"})");
        return {.bearer = reply.at("access_token")};
    }
    Sender sign_in(const std::string& email, const std::string& password) {
        const TestReply reply =
            post("/api/v1/auth/login",
                 R"({"email":")" + email + R"(","password":")" + password + R"("})");
        return {.bearer = reply.at("access_token")};
    }
    /// A person with a team of their own.
    Sender stranger(const Sender& owner) {
        post("/api/v1/users", R"({"email":"bob@example.com","password":"correct horse"})", owner);
        return sign_in("bob@example.com", "correct horse");
    }
    Sender token(const Sender& of, const std::string& scope, const std::string& project = "") {
        const std::string bound = project.empty() ? "" : R"(,"projects":[")" + project + "\"]";
        const TestReply reply =
            post("/api/v1/tokens", R"({"name":"t","scope":")" + scope + "\"" + bound + "}", of);
        return {.bearer = reply.at("token")};
    }
    std::string add_project(const Sender& of, const std::string& name) {
        const TestReply reply =
            post("/api/v1/projects",
                 R"({"name":")" + name + R"(","repo_url":"https://git.example/a.git"})", of);
        return reply.at("id");
    }

    /// Every answer that a test gets is held against openapi.json; a broken world is not in there.
    static void check_described(const http::Request& request, const TestReply& reply) {
        const Result<Match> found = match(request.verb, request.path);
        if (!found || request.verb == http::Verb::head) return;
        const std::string type(reply.headers.get("content-type"));
        const std::string wrong =
            schema_check::answer_complaint(*found->route, reply.status, type, reply.text);
        EXPECT_EQ(wrong, "") << http::word(request.verb) << " " << request.path << " answered "
                             << reply.status << " " << reply.text;
    }

    projects::ProjectStore projects{database,
                                    sealer,
                                    [this] { return now; },
                                    {.base_host = "localhost", .platform_host = "localhost"}};
    projects::VisitorStore visitor_store{database, [this] { return now; }};
    projects::WebhookStore webhooks{database, sealer, [this] { return now; }};
    notifications::ChannelStore channels{database, sealer, [this] { return now; }};
    projects::GitConnectionStore git_connections{database, sealer, [this] { return now; }};
    projects::GitHeadStore git_heads{database};
    projects::GitReportStore git_reports{database, [this] { return now; }};
    projects::GitRequestStore git_requests{database, [this] { return now; }};
    githosts::testing::FakeHost git_host{};
    githosts::HostClient git_hosts{git_host, [this] { return now; }, &githosts::testing::no_pause};
    identity::testing::FakeProvider login_provider{[this] { return now; }};
    identity::IdentityClient identities{login_provider, [this] { return now; }};
    accounts::Passwords visitor_passwords{{.passes = 1, .memory_bytes = 8192}};
    visitors::PassSigner passes{accounts->secrets().pass_key};
    Services services{.database = database,
                      .sealer = sealer,
                      .now_ms = [this] { return now; },
                      .config = {},
                      .accounts = *accounts,
                      .projects = projects,
                      .webhooks = &webhooks,
                      .channels = &channels,
                      .git_connections = &git_connections,
                      .git_heads = &git_heads,
                      .git_reports = &git_reports,
                      .git_requests = &git_requests,
                      .git_hosts = &git_hosts,
                      .identities = &identities,
                      .visitors = &visitor_store,
                      .visitor_passwords = &visitor_passwords,
                      .passes = &passes};
};

}  // namespace berth::api

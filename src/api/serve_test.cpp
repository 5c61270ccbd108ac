// The API over a real socket: what the server and the routes must agree on.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "http/acceptor.hpp"
#include "http/server.hpp"
#include "http/testing.hpp"

namespace berth::api {
namespace {

using namespace http::testing_support;

Task<> serve_api(Services& services, Fd listening) {
    Services* const all = &services;
    const http::Answer reply = [all](http::Request& request) { return answer(*all, request); };
    const http::PlanBody plan = plan_body;
    const http::ServerLimits limits;
    co_await http::serve(std::move(listening), reply, plan, limits);
}

class ServeTest : public testing::Test, protected TestApi {
protected:
    Fd listening_ = http::listen_tcp("127.0.0.1", 0);
    std::uint16_t port_ = http::port_of(listening_);
    Running running_{[this](Fd listening) { return serve_api(services, std::move(listening)); },
                     std::move(listening_)};

    std::string send_raw(const std::string& head, const std::string& body) {
        return http::testing_support::exchange(
            port_, head + " HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n" +
                       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }
};

TEST_F(ServeTest, answers_over_a_socket) {
    const std::string health = send_raw("GET /api/v1/instance/health", "");
    EXPECT_TRUE(health.starts_with("HTTP/1.1 200 ")) << health;
    EXPECT_NE(health.find("\"status\":\"ready\""), std::string::npos);
    EXPECT_NE(health.find("x-request-id: req_"), std::string::npos);
    const std::string page = send_raw("GET /projects/shop", "");
    EXPECT_TRUE(page.starts_with("HTTP/1.1 200 ")) << page;
    EXPECT_NE(page.find("content-security-policy: default-src 'none'"), std::string::npos);
}

TEST_F(ServeTest, sets_up_and_signs_in_with_cookies) {
    const std::string code = accounts->secrets().setup_code;
    const std::string body =
        R"({"code":")" + code + R"(","email":"ann@example.com","password":"correct horse"})";
    const std::string done = send_raw("POST /api/v1/setup", body);
    EXPECT_TRUE(done.starts_with("HTTP/1.1 201 ")) << done;
    const std::size_t at = done.find("set-cookie: berth_access=");
    ASSERT_NE(at, std::string::npos) << done;
    const std::string cookie = done.substr(at + 12, done.find(';', at) - at - 12);
    const std::string session = http::testing_support::exchange(
        port_,
        "GET /api/v1/auth/session HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n"
        "Cookie: " +
            cookie + "\r\n\r\n");
    EXPECT_NE(session.find("ann@example.com"), std::string::npos) << session;
}

TEST_F(ServeTest, refuses_a_body_over_the_route_s_limit) {
    const std::string large = send_raw("POST /api/v1/auth/login", std::string(17 << 10, 'x'));
    EXPECT_TRUE(large.starts_with("HTTP/1.1 413 ")) << large.substr(0, 200);
}

TEST_F(ServeTest, answers_head_without_a_body) {
    const std::string head = send_raw("HEAD /api/v1/instance/health", "");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
}

}  // namespace
}  // namespace berth::api

#include <gtest/gtest.h>

#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/server.hpp"
#include "http/testing.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;

std::atomic<bool> release_event = false;
std::atomic<bool> visitor_gone = false;
std::atomic<bool> asked = false;  // /waits or /beats has begun

void wait_for(const std::atomic<bool>& flag) {  // at most 5 s
    for (int i = 0; i < 2'500 && !flag; ++i)
        std::this_thread::sleep_for(2ms);
}

Task<> two_events(http::BodySink& sink) {
    co_await sink.write("data: one\n\n");
    const std::chrono::milliseconds nap{2};
    while (!release_event)
        co_await sleep_for(nap);
    co_await sink.write("data: two\n\n");
}

Task<> beats(http::BodySink& sink) {
    asked = true;
    const std::chrono::milliseconds nap{2};
    bool sent = true;
    while (sent) {
        co_await sleep_for(nap);
        sent = co_await sink.write(":\n\n");
    }
    visitor_gone = true;
}

Task<http::Response> wait_until_gone(http::Request& request) {
    asked = true;
    const std::chrono::milliseconds nap{2};
    while (!request.gone() && !release_event)
        co_await sleep_for(nap);
    visitor_gone = request.gone();
    co_return http::empty_response(204);
}

Task<> echo(http::WebSocket& socket) {
    while (true) {  // ends when the peer closes
        const Result<http::WebSocket::Message> message = co_await socket.read();
        if (!message) co_return;
        const std::string reply = "echo " + message->bytes;
        const bool sent = co_await socket.send_text(reply);
        if (!sent) co_return;
    }
}

Task<http::Response> size_of_stream(http::Request& request) {
    std::string piece(10'000, '\0');
    std::size_t total = 0;
    while (true) {  // ends at the body's end or error
        const std::span<char> into(piece);
        const Result<std::size_t> got = co_await request.source->read(into);
        if (!got) co_return http::problem_response(400, got.error().code, got.error().message);
        if (*got == 0) break;
        total += *got;
    }
    co_return http::text_response(200, "text/plain", std::to_string(total));
}

Task<http::Response> answer(http::Request& request) {
    http::Response response;
    if (request.path == "/events") {
        response.body = http::StreamBody(&two_events);
        response.headers.add("content-type", "text/event-stream");
    } else if (request.path == "/beats") {
        response.body = http::StreamBody(&beats);
    } else if (request.path == "/waits") {
        co_return co_await wait_until_gone(request);
    } else if (request.path == "/socket") {
        response.body = http::SocketBody(&echo);
    } else if (request.path == "/upload") {
        co_return co_await size_of_stream(request);
    } else if (request.path == "/none") {
        response = http::empty_response(204);
    } else {
        std::string seen =
            fmt::format("{} {} {} {} {}", word(request.verb), request.target, request.host,
                        request.peer, request.secure ? "secure" : "plain");
        for (const auto& [name, value] : request.headers)
            seen += fmt::format("\n{}={}", name, value);
        response = http::text_response(200, "text/plain", seen + "\n\n" + request.body);
        response.headers.add("set-cookie", "a=b");
        response.headers.add("set-cookie", "c=d");
    }
    co_return response;
}

http::BodyPlan plan(const http::Request& head) {
    if (head.path == "/upload") return {true, 50 << 20};
    return {false, 100'000};
}

class ProxyTest : public testing::Test {
protected:
    ProxyTest() {
        release_event = false;
        store_.deploy("dpl_1", {{"index.html", "site"}});
        store_.publish(store_.route("shop.test", "dpl_1"));
        start_api();
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening[0]);
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.platform_on_ip = true;
        config.api_socket = store_ / "api.sock";
        config.trusted_proxies = {"127.0.0.0/8"};
        config.limits.end_limit = 200ms;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    ~ProxyTest() override {
        release_event = true;
        edge_->stop();
        thread_.join();
    }
    void start_api() {
        api_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
                     http::listen_unix(store_ / "api.sock"));
    }
    std::string ask(const std::string& bytes) { return raw::exchange(port_, bytes); }
    std::string get(const std::string& target, const std::string& fields = "",
                    const std::string& host = "berth.test") {
        return ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" +
                   fields + "\r\n");
    }

    testing_support::Store store_;
    std::optional<raw::Running> api_;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

TEST_F(ProxyTest, passes_requests_and_answers_on) {
    const std::string reply = get("/a%20b?x=%2F", "Accept: */*\r\nCookie: a=b\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_NE(reply.find("GET /a%20b?x=%2F berth.test 127.0.0.1 plain\n"), reply.npos) << reply;
    EXPECT_NE(reply.find("\ncookie=a=b\n"), reply.npos);
    EXPECT_NE(reply.find("set-cookie: a=b\r\nset-cookie: c=d\r\n"), reply.npos);
    EXPECT_NE(reply.find("connection: close\r\n"), reply.npos);
    EXPECT_TRUE(get("/none").starts_with("HTTP/1.1 204 No Content\r\n"));
}

TEST_F(ProxyTest, writes_who_asks_itself) {
    const std::string reply =
        get("/x",
            "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n"
            "X-Berth-Peer: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"
            "Connection: x-secret\r\nX-Secret: s\r\nProxy-Authorization: p\r\nTE: trailers\r\n");
    EXPECT_NE(reply.find(" 192.0.2.7 secure\n"), reply.npos) << reply;
    EXPECT_NE(reply.find("x-forwarded-for=192.0.2.7\n"), reply.npos);
    EXPECT_NE(reply.find("x-forwarded-host=berth.test\n"), reply.npos);
    for (const char* gone : {"6.6.6.6", "evil", "proxy-authorization", "\nte=", "x-berth"}) {
        EXPECT_EQ(reply.find(gone), reply.npos) << gone << "\n" << reply;
    }
}

TEST_F(ProxyTest, is_the_platform_on_addresses_too_and_serves_sites_beside) {
    EXPECT_NE(get("/x", "", "127.0.0.1:80").find("GET /x 127.0.0.1"), std::string::npos);
    EXPECT_TRUE(get("/", "", "shop.test").ends_with("site"));
    EXPECT_TRUE(get("/", "", "other.test").starts_with("HTTP/1.1 404"));
}

TEST_F(ProxyTest, keeps_connections_on_both_sides) {
    std::string many;
    for (int i = 0; i < 50; ++i)
        many += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: berth.test\r\n\r\n";
    const std::string reply =
        ask(many + "GET /last HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n\r\n");
    std::size_t at = 0;
    for (int i = 0; i < 50; ++i) {
        at = reply.find("GET /" + std::to_string(i) + " ", at);
        ASSERT_NE(at, reply.npos) << i;
    }
    EXPECT_NE(reply.find("GET /last"), reply.npos);
    EXPECT_EQ(edge_->counters().proxied, 51U);
}

TEST_F(ProxyTest, streams_bodies_of_both_framings) {
    const std::string body(3'000'000, 'b');
    EXPECT_TRUE(ask("POST /upload HTTP/1.1\r\nHost: berth.test\r\nConnection: "
                    "close\r\nContent-Length: 3000000\r\n\r\n" +
                    body)
                    .ends_with("\r\n\r\n3000000"));
    std::string chunks;
    for (int i = 0; i < 100; ++i)
        chunks += "3e8\r\n" + std::string(1000, 'c') + "\r\n";
    EXPECT_TRUE(ask("POST /upload HTTP/1.1\r\nHost: berth.test\r\nConnection: "
                    "close\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    chunks + "0\r\n\r\n")
                    .ends_with("\r\n\r\n100000"));
    EXPECT_TRUE(ask("POST /x HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\nContent-Length: "
                    "2\r\nExpect: 100-continue\r\n\r\nhi")
                    .ends_with("\n\nhi"));
}

TEST_F(ProxyTest, never_takes_a_body_for_a_request) {
    const std::string inner = "GET /smuggled HTTP/1.1\r\nHost: berth.test\r\n\r\n";
    const std::string reply = ask(
        "POST /x HTTP/1.1\r\nHost: berth.test\r\nContent-Length: " + std::to_string(inner.size()) +
        "\r\n\r\n" + inner + "GET /real HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n\r\n");
    EXPECT_NE(reply.find("\n\nGET /smuggled"), reply.npos) << reply;  // echoed as a body
    EXPECT_EQ(reply.find("GET /smuggled berth.test"), reply.npos);
    EXPECT_NE(reply.find("GET /real berth.test"), reply.npos) << reply;
}

// The api may answer a whole body before the edge has looked again: that is no early answer.
TEST_F(ProxyTest, keeps_the_connection_after_a_body_however_fast_the_answer) {
    constexpr int count = 400;
    std::string many;
    for (int i = 0; i < count; ++i)
        many += fmt::format(
            "POST /{} HTTP/1.1\r\nHost: berth.test\r\nContent-Length: 4\r\n\r\nbody", i);
    const std::string reply =
        ask(many + "GET /last HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < count; ++i)
        ASSERT_NE(reply.find(fmt::format("POST /{} berth.test", i)), reply.npos) << i;
    EXPECT_NE(reply.find("GET /last berth.test"), reply.npos);
}

TEST_F(ProxyTest, passes_an_early_refusal_on_and_closes) {
    const std::string reply =
        ask("POST /x HTTP/1.1\r\nHost: berth.test\r\nContent-Length: 90000000\r\n\r\n" +
            std::string(500'000, 'x'));
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 413")) << reply.substr(0, 300);
    EXPECT_NE(reply.find("connection: close"), reply.npos);
}

TEST_F(ProxyTest, refuses_malformed_chunks_itself) {
    const std::string reply =
        ask("POST /upload HTTP/1.1\r\nHost: berth.test\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5\nhello\r\n0\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 400")) << reply;
    EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
}

TEST_F(ProxyTest, passes_events_on_as_they_come) {
    const Fd socket = raw::connect_to(port_);
    raw::send_text(socket, "GET /events HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n\r\n");
    const std::string first = raw::receive_until(socket, "data: one\n\n");
    EXPECT_NE(first.find("data: one"), first.npos);
    EXPECT_EQ(first.find("data: two"), first.npos);
    release_event = true;
    EXPECT_NE(raw::receive_all(socket).find("data: two\n\n\r\n0\r\n\r\n"), std::string::npos);
    release_event = true;
    EXPECT_TRUE(ask("GET /events HTTP/1.0\r\nHost: berth.test\r\n\r\n")
                    .ends_with("\r\n\r\ndata: one\n\ndata: two\n\n"));
}

TEST_F(ProxyTest, tunnels_web_sockets_after_a_real_101) {
    const std::string hello =
        "GET /socket HTTP/1.1\r\nHost: berth.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const std::string text("\x81\x82\0\0\0\0hi", 8);  // a mask of zeros
    const std::string goodbye("\x88\x82\0\0\0\0\x03\xe8", 8);
    const std::string reply = ask(hello + text + goodbye);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 101")) << reply;
    EXPECT_NE(reply.find("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), reply.npos);
    EXPECT_TRUE(
        reply.ends_with("\r\n\r\n\x81\x07"
                        "echo hi\x88\x02\x03\xe8"))
        << reply;
    const std::string refused =
        ask("GET /x HTTP/1.1\r\nHost: berth.test\r\nConnection: Upgrade, close\r\nUpgrade: "
            "websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 200")) << refused;
}

TEST_F(ProxyTest, tells_the_api_that_a_visitor_has_gone) {
    for (const char* path : {"/waits", "/beats"}) {
        visitor_gone = false;
        asked = false;
        {
            const Fd socket = raw::connect_to(port_);
            raw::send_text(socket,
                           fmt::format("GET {} HTTP/1.1\r\nHost: berth.test\r\n\r\n", path));
            wait_for(asked);
        }
        wait_for(visitor_gone);
        EXPECT_TRUE(visitor_gone) << path;
    }
}

TEST_F(ProxyTest, serves_the_next_request_that_came_while_one_waited) {
    const Fd socket = raw::connect_to(port_);
    raw::send_text(socket, "GET /events HTTP/1.1\r\nHost: berth.test\r\n\r\n");
    raw::receive_until(socket, "data: one\n\n");
    raw::send_text(socket, "GET /next HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n\r\n");
    std::this_thread::sleep_for(10ms);
    release_event = true;
    const std::string rest = raw::receive_all(socket);
    EXPECT_NE(rest.find("data: two"), rest.npos);
    EXPECT_NE(rest.find("GET /next berth.test"), rest.npos);
}

TEST_F(ProxyTest, outlives_the_api) {
    EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
    api_->stop();
    api_.reset();
    const std::string problem = get("/x");
    EXPECT_TRUE(problem.starts_with("HTTP/1.1 503")) << problem;
    EXPECT_NE(problem.find("retry-after: "), problem.npos);
    EXPECT_NE(problem.find("\"code\":\"api_unavailable\""), problem.npos);
    EXPECT_NE(get("/x", "Accept: text/html\r\n").find("<!doctype html>"), std::string::npos);
    EXPECT_TRUE(get("/", "", "shop.test").ends_with("site"));
    start_api();
    EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
    EXPECT_GE(edge_->counters().proxy_failures, 2U);
}

TEST_F(ProxyTest, tries_again_on_a_fresh_connection) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
        api_->stop();
        api_.reset();
        start_api();
    }
    EXPECT_EQ(edge_->counters().proxy_failures, 0U);
}

}  // namespace
}  // namespace berth::edge

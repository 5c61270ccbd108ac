/// The edge over HTTP/2: sites, what is passed on, and those who mean harm.

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/h2_session.hpp"
#include "http/h2_testing.hpp"
#include "http/server.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;
using raw::h2_frame;
using raw::H2Client;

const std::string large = [] {
    std::string bytes(3'000'000, '\0');
    std::mt19937 random(2);
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}();

std::atomic<bool> release_event = false;

Task<> stream_slowly(http::BodySink& sink) {
    const std::string_view first = "data: 1\n\n";
    const std::string_view second = "data: 2\n\n";
    co_await sink.write(first);
    while (!release_event)
        co_await sleep_for(5ms);
    co_await sink.write(second);
}

Task<http::Response> answer(http::Request& request) {
    if (request.path == "/events" || request.path == "/slow") {
        http::Response response;
        response.headers.add("content-type",
                             request.path == "/slow" ? "text/plain" : "text/event-stream");
        response.body = http::StreamBody(&stream_slowly);
        co_return response;
    }
    if (request.path == "/large") co_return http::text_response(200, "text/plain", large);
    if (request.path == "/none") co_return http::empty_response(204);
    std::string said = fmt::format("{} {} {} {}\n", word(request.verb), request.target,
                                   request.peer, request.secure ? "secure" : "plain");
    for (const auto& [name, value] : request.headers)
        said += name + "=" + value + "\n";
    http::Response response = http::text_response(200, "text/plain", said + "\n" + request.body);
    response.headers.add("set-cookie", "a=b");
    response.headers.add("set-cookie", "c=d");
    co_return response;
}

http::BodyPlan plan(const http::Request& head) {
    return {false, head.path == "/up" ? 5U << 20 : 1'000U};
}

class H2Test : public testing::Test {
protected:
    H2Test() {
        release_event = false;
        store_.deploy(
            "dpl_1",
            {{"index.html", "<h1>hello</h1>"}, {"large.bin", large}, {"404.html", "lost"}});
        store_.publish(store_.route("shop.test", "dpl_1"));
        api_.emplace([](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
                     http::listen_unix(store_ / "api.sock"));
        EdgeConfig config;
        config.listening_tls.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening_tls[0]);
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.api_socket = store_ / "api.sock";
        config.certificates =
            http::CertificateSet::make(
                {raw::make_certificate("all", {"shop.test", "berth.test", "nobody.test"})})
                .set;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        plain_port_ = http::port_of(config.listening[0]);
        config.h2c = true;
        config.limits.end_limit = 2'000ms;
        config.hsts_s = 600;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    ~H2Test() override { stop(); }
    void stop() {
        release_event = true;
        if (!thread_.joinable()) return;
        edge_->stop();
        thread_.join();
    }

    testing_support::Store store_;
    std::optional<raw::Running> api_;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    std::uint16_t plain_port_ = 0;
};

TEST_F(H2Test, serves_a_site) {
    H2Client client(port_, "shop.test");
    ASSERT_TRUE(client.tls().connected()) << client.tls().why();
    for (int i = 0; i < 3; ++i) {  // loaded, read, remembered
        const H2Client::Reply page = client.get("shop.test", "/");
        EXPECT_EQ(page.status, 200);
        EXPECT_EQ(page.body, "<h1>hello</h1>");
        EXPECT_EQ(page.fields.at("content-type"), "text/html; charset=utf-8");
        EXPECT_EQ(page.fields.at("content-length"), "14");
        EXPECT_EQ(page.fields.at("strict-transport-security"), "max-age=600");
        EXPECT_EQ(page.fields.count("connection"), 0U);
        EXPECT_EQ(page.fields.count("date"), 1U);
    }
    const H2Client::Reply known = client.get(
        "shop.test", "/", {{"if-none-match", "\"" + sha256_hex("<h1>hello</h1>") + "\""}});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.body, "");
    EXPECT_EQ(client.get("shop.test", "/nothing").body, "lost");
    const H2Client::Reply head = client.ask("HEAD", "shop.test", "/large.bin");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.fields.at("content-length"), std::to_string(large.size()));
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(client.get("shop.test", "/large.bin").body, large);
    EXPECT_EQ(client.get("shop.test", "/large.bin", {{"range", "bytes=5-9"}}).body,
              large.substr(5, 5));
    const H2Client::Reply parts =
        client.get("shop.test", "/large.bin", {{"range", "bytes=0-99,1000000-1099999"}});
    EXPECT_EQ(parts.status, 206);
    EXPECT_TRUE(parts.fields.at("content-type").starts_with("multipart/byteranges; boundary="));
    EXPECT_EQ(parts.fields.at("content-length"), std::to_string(parts.body.size()));
    EXPECT_NE(parts.body.find("\r\n\r\n" + large.substr(0, 100) + "\r\n--"), std::string::npos);
    EXPECT_NE(parts.body.find("\r\n\r\n" + large.substr(1'000'000, 100'000) + "\r\n--"),
              std::string::npos);
    EXPECT_EQ(client.get("shop.test", "/%00").status, 400);
    EXPECT_EQ(client.get("nobody.test", "/").status, 404);
    EXPECT_EQ(client.get("other.example", "/").status, 421);
    EXPECT_EQ(client.ask("POST", "shop.test", "/", {}, &large).status, 405);
    EXPECT_EQ(client.get("shop.test", "/").status, 200);
}

TEST_F(H2Test, counts_each_stream_as_one_visit) {
    {
        H2Client client(port_, "shop.test");
        client.get("shop.test", "/");
        client.get("shop.test", "/large.bin");
        client.get("shop.test", "/nothing");
        client.get("berth.test", "/passed/on");
        client.get("shop.test", "/%00");
    }
    stop();
    const std::vector<traffic::Row> rows = edge_->take_last_traffic();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].project, "prj_1");
    EXPECT_EQ(rows[0].requests, 3U);
    EXPECT_EQ(rows[0].success, 2U);
    EXPECT_EQ(rows[0].client_errors, 1U);
    EXPECT_EQ(rows[0].file, 1U);
    EXPECT_GT(rows[0].bytes, large.size());
    EXPECT_LT(rows[0].bytes, large.size() + 5'000);
    const CountersNow now = edge_->counters();
    EXPECT_EQ(now.classes, (std::array<std::uint64_t, 6>{0, 0, 3, 0, 2, 0}));
    EXPECT_EQ(now.sources[static_cast<std::size_t>(traffic::Source::proxied)], 1U);
    EXPECT_GT(now.bytes_sent, large.size());
    EXPECT_LT(now.bytes_sent, large.size() + 200'000);  // TLS and frames around it, once
}

TEST_F(H2Test, serves_many_streams_at_once_within_the_windows) {
    H2Client client(port_, "shop.test");
    std::vector<int> streams;
    for (int i = 0; i < 60; ++i)
        streams.push_back(client.begin("GET", "shop.test", i % 10 == 0 ? "/large.bin" : "/"));
    client.run([&] {
        return std::ranges::all_of(streams, [&](int id) { return client.replies()[id].over; });
    });
    for (std::size_t i = 0; i < streams.size(); ++i) {
        const H2Client::Reply& reply = client.replies()[streams[i]];
        EXPECT_EQ(reply.code, 0U);
        EXPECT_TRUE(reply.body == (i % 10 == 0 ? large : "<h1>hello</h1>")) << i;
    }
}

TEST_F(H2Test, passes_requests_and_answers_on) {
    H2Client client(port_, "berth.test");
    const H2Client::Reply reply = client.get("berth.test", "/a%20b?x=%2F",
                                             {{"cookie", "a=1"},
                                              {"cookie", "b=2"},
                                              {"x-forwarded-for", "6.6.6.6"},
                                              {"x-berth-peer", "6"}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.body.starts_with("GET /a%20b?x=%2F 127.0.0.1 secure\n")) << reply.body;
    EXPECT_NE(reply.body.find("\ncookie=a=1; b=2\n"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("6.6.6.6"), std::string::npos);
    EXPECT_EQ(reply.fields.at("set-cookie"), "a=b\nc=d");
    EXPECT_EQ(reply.fields.at("strict-transport-security"), "max-age=600");
    EXPECT_EQ(client.get("berth.test", "/none").status, 204);
    EXPECT_EQ(client.ask("HEAD", "berth.test", "/large").body, "");
    EXPECT_EQ(client.get("berth.test", "/large").body, large);
    const std::string body(3'000'000, 'u');
    EXPECT_TRUE(client.ask("POST", "berth.test", "/up", {}, &body).body.ends_with("\n\n" + body));
    EXPECT_TRUE(client
                    .ask("PUT", "berth.test", "/up",
                         {{"content-length", std::to_string(body.size())}}, &body)
                    .body.ends_with("\n\n" + body));
    // Refused early: the answer comes, the rest of the body is not wanted.
    EXPECT_EQ(client.ask("POST", "berth.test", "/small", {}, &body).status, 413);
    EXPECT_EQ(client.get("berth.test", "/x").status, 200);
}

TEST_F(H2Test, passes_a_stream_on_as_it_comes) {
    H2Client client(port_, "berth.test");
    const int events = client.begin("GET", "berth.test", "/events");
    client.run([&] { return !client.replies()[events].body.empty(); });
    EXPECT_EQ(client.replies()[events].body, "data: 1\n\n");
    EXPECT_EQ(client.get("berth.test", "/x").status, 200);  // beside it
    release_event = true;
    client.run([&] { return client.replies()[events].over; });
    EXPECT_EQ(client.replies()[events].body, "data: 1\n\ndata: 2\n\n");
}

TEST_F(H2Test, outlives_visitors_who_go_away_in_the_middle) {
    for (int i = 0; i < 20; ++i) {
        H2Client client(port_, "berth.test");
        client.begin("GET", "berth.test", "/events");
        client.begin("GET", "berth.test", "/large");
        client.begin("GET", "shop.test", "/large.bin");
        const std::string body(100'000, 'u');
        client.begin("POST", "berth.test", "/up", {}, &body);
        client.push();
        if (i % 2 == 0) client.run([&] { return !client.replies().empty(); });
    }
    H2Client client(port_, "shop.test");
    EXPECT_EQ(client.get("shop.test", "/").status, 200);
}

TEST_F(H2Test, ends_streams_that_are_reset_and_serves_the_others) {
    H2Client client(port_, "berth.test");
    const int events = client.begin("GET", "berth.test", "/events");
    client.run([&] { return !client.replies()[events].body.empty(); });
    nghttp2_submit_rst_stream(client.session(), 0, events, NGHTTP2_CANCEL);
    EXPECT_EQ(client.get("berth.test", "/x").status, 200);
}

TEST_F(H2Test, says_goodbye_twice_and_answers_what_is_at_hand) {
    H2Client client(port_, "berth.test");
    const int slow = client.begin("GET", "berth.test", "/slow");
    client.run([&] { return !client.replies()[slow].body.empty(); });
    edge_->stop();
    client.run([&] { return client.goaways().size() == 2; });
    EXPECT_FALSE(client.replies()[slow].over);
    release_event = true;
    client.run_to_the_end();
    EXPECT_EQ(client.replies()[slow].body, "data: 1\n\ndata: 2\n\n");
    EXPECT_EQ(client.goaways(), (std::vector<std::uint32_t>{0, 0}));
    EXPECT_EQ(client.replies()[slow].code, 0U);
}

TEST_F(H2Test, ends_an_event_stream_well_when_it_goes) {
    H2Client client(port_, "berth.test");
    const int events = client.begin("GET", "berth.test", "/events");
    client.run([&] { return !client.replies()[events].body.empty(); });
    edge_->stop();
    client.run_to_the_end();
    EXPECT_TRUE(client.replies()[events].over);
    EXPECT_EQ(client.replies()[events].body, "data: 1\n\n");
    EXPECT_EQ(client.replies()[events].code, 0U);
}

// Request heads in HPACK, without the dynamic table: GET https shop.test /
const std::string get_block = [] {
    std::string block = "\x82\x87\x84";  // :method GET, :scheme https, :path /
    const std::string host = "shop.test";
    return block + '\x41' + static_cast<char>(host.size()) + host;
}();

struct Flood {
    const char* name;
    std::function<std::string(std::uint32_t)> frame;  // of the n-th
};

TEST_F(H2Test, ends_floods) {
    const std::string four(4, '\0');
    const Flood floods[] = {
        {"rapid reset",
         [&](std::uint32_t n) {
             return h2_frame(1, 0x5, 2 * n + 1, get_block) +
                    h2_frame(3, 0, 2 * n + 1, std::string("\0\0\0\x08", 4));
         }},
        {"ping", [&](std::uint32_t) { return h2_frame(6, 0, 0, std::string(8, 'p')); }},
        {"settings", [&](std::uint32_t) { return h2_frame(4, 0, 0, ""); }},
        {"priority",
         [&](std::uint32_t n) {
             return h2_frame(2, 0, 2 * n + 1, std::string("\0\0\0\0\x10", 5));
         }},
        {"window update",
         [&](std::uint32_t) { return h2_frame(8, 0, 0, std::string("\0\0\0\x01", 4)); }},
        {"empty data",
         [&](std::uint32_t n) {
             return n == 0 ? h2_frame(1, 0x4, 1, get_block) : h2_frame(0, 0, 1, "");
         }},
        {"empty continuation",
         [&](std::uint32_t n) {
             return n == 0 ? h2_frame(1, 0, 1, get_block) : h2_frame(9, 0, 1, "");
         }},
        {"large continuation",
         [&](std::uint32_t n) {
             return n == 0 ? h2_frame(1, 0, 1, get_block)
                           : h2_frame(9, 0, 1, std::string(9'000, 'x'));
         }},
        {"unknown frames", [&](std::uint32_t) { return h2_frame(77, 0, 0, four); }},
        {"too many streams",
         [&](std::uint32_t n) { return h2_frame(1, 0x4, 2 * n + 1, get_block); }},
        {"provoked resets",
         [&](std::uint32_t n) {  // a window that overflows
             return h2_frame(1, 0x5, 2 * n + 1, get_block) +
                    h2_frame(8, 0, 2 * n + 1, std::string("\x7f\xff\xff\xff", 4));
         }},
    };
    for (const Flood& flood : floods) {
        raw::TlsClient client(port_, {.server_name = "shop.test", .protocols = "\2h2"});
        ASSERT_TRUE(client.connected());
        client.send(std::string(http::h2_preface) + h2_frame(4, 0, 0, ""));
        std::uint32_t sent = 0;
        std::thread sender([&] {
            while (sent < 20'000 && client.send(flood.frame(sent)))
                ++sent;
        });
        sender.join();
        const std::string all = client.receive_all();
        // GOAWAY with ENHANCE_YOUR_CALM, or just the end, where the flood broke the framing first.
        const bool told = all.find(std::string("\x00\x00\x00\x0b", 4)) != all.npos;
        EXPECT_TRUE(told || client.is_gone()) << flood.name << " " << sent;
    }
    H2Client fresh(port_, "shop.test");
    EXPECT_EQ(fresh.get("shop.test", "/").status, 200);
}

TEST_F(H2Test, speaks_it_in_the_clear_to_those_who_begin_with_it) {
    const std::string bytes =
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "") + h2_frame(1, 5, 1, get_block);
    for (const std::size_t cut : {std::size_t{1}, std::size_t{10}, std::size_t{24}, bytes.size()}) {
        const Fd socket = raw::connect_to(plain_port_);
        raw::send_text(socket, bytes.substr(0, cut));
        raw::send_text(socket, bytes.substr(cut));
        EXPECT_NE(raw::receive_until(socket, "hello</h1>").find("hello</h1>"), std::string::npos);
    }
    const std::string plain = raw::exchange(
        plain_port_, "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(plain.starts_with("HTTP/1.1 200 ")) << plain;
    const std::string patch =
        raw::exchange(plain_port_, "PRI /x HTTP/1.1\r\nHost: shop.test\r\n\r\n");
    EXPECT_TRUE(patch.starts_with("HTTP/1.1 ")) << patch;
}

TEST_F(H2Test, ends_what_is_no_http_2) {
    const std::string bad[] = {
        "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n",
        std::string(http::h2_preface) + "GET / HTTP/1.1\r\n\r\n",
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "") + h2_frame(0, 0, 0, "x"),
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "") + h2_frame(1, 5, 2, get_block),
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "") +
            h2_frame(1, 5, 1, "\xff\xff\xff\xff"),
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "x"),
        std::string(http::h2_preface) + h2_frame(4, 0, 0, "") + h2_frame(9, 4, 1, get_block),
    };
    for (const std::string& bytes : bad) {
        raw::TlsClient client(port_, {.server_name = "shop.test", .protocols = "\2h2"});
        client.exchange(bytes);
        EXPECT_TRUE(client.ended_well()) << bytes.substr(0, 40);
    }
    H2Client fresh(port_, "shop.test");
    EXPECT_EQ(fresh.get("shop.test", "/").status, 200);
}

}  // namespace
}  // namespace berth::edge

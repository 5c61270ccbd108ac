#include "http/server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/crypto.hpp"
#include "http/acceptor.hpp"
#include "http/client.hpp"
#include "http/testing.hpp"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

std::atomic<int> naps = 0;  // begun

/// Waits until so many have begun, at most 5 s.
void wait_for_naps(int count) {
    for (int i = 0; i < 5'000 && naps < count; ++i)
        std::this_thread::sleep_for(1ms);
}

Task<> count_to_three(BodySink& sink) {
    for (const std::string_view piece : {"one ", "two ", "three"}) {
        const bool sent = co_await sink.write(piece);
        if (!sent) co_return;
    }
}

Task<> follow(BodySink& sink) {
    co_await sink.write("first");
    const std::chrono::milliseconds forever{60'000};
    co_await sleep_for(forever);
}

Task<> break_after_one(BodySink& sink) {
    co_await sink.write("one");
    throw std::runtime_error("broken on purpose");
}

Task<> echo(WebSocket& socket) {
    while (true) {  // ends when the peer closes
        const Result<WebSocket::Message> message = co_await socket.read();
        if (!message) co_return;
        if (message->bytes == "close me") {
            constexpr std::uint16_t code = 4001;
            co_await socket.close(code, "as you wish");
            co_return;
        }
        bool sent = false;
        if (message->binary) {
            sent = co_await socket.send_binary(message->bytes);
        } else {
            sent = co_await socket.send_text(message->bytes);
        }
        if (!sent) co_return;
    }
}

Task<Response> sum_of_stream(Request& request) {
    std::string piece(1000, '\0');
    std::size_t total = 0;
    while (true) {  // ends at the body's end or error
        const std::span<char> into(piece);
        const Result<std::size_t> got = co_await request.source->read(into);
        if (!got) co_return problem_response(400, got.error().code, got.error().message);
        if (*got == 0) break;
        total += *got;
    }
    co_return text_response(200, "text/plain", std::to_string(total));
}

FileBody file_of(std::string_view bytes) {
    std::string path = std::filesystem::temp_directory_path() / "berth-http-XXXXXX";
    auto file = std::make_shared<Fd>(::mkstemp(path.data()));
    ::unlink(path.c_str());
    write_all(file->get(), bytes);
    return {file, 2, bytes.size() - 4};
}

Task<Response> answer(Request& request) {
    Response response;
    if (request.path == "/stream") {
        response.body = StreamBody(&count_to_three);
    } else if (request.path == "/events") {
        response.headers.add("content-type", "text/event-stream");
        response.body = StreamBody(&count_to_three);
    } else if (request.path == "/follow") {
        response.headers.add("content-type", "text/event-stream");
        response.body = StreamBody(&follow);
    } else if (request.path == "/breaks-later") {
        response.body = StreamBody(&break_after_one);
    } else if (request.path == "/socket") {
        response.body = SocketBody(&echo);
    } else if (request.path == "/file") {
        response.body = file_of("xx" + std::string(300'000, 'f') + "yy");
    } else if (request.path == "/throws") {
        throw std::runtime_error("broken on purpose");
    } else if (request.path == "/upload") {
        co_return co_await sum_of_stream(request);
    } else if (request.path == "/ignore") {
        response = text_response(200, "text/plain", "ignored");
    } else if (request.path == "/slow") {
        const std::chrono::milliseconds nap{60'000};
        co_await sleep_for(nap);
    } else if (request.path == "/nap") {
        ++naps;
        const std::chrono::milliseconds nap{500};
        co_await sleep_for(nap);
        response = text_response(200, "text/plain", "rested");
    } else if (request.path == "/forged") {
        response = text_response(200, "text/plain", "x");
        response.headers.add("x-bad", "a\r\nset-cookie: b=c");
    } else {
        std::string seen = fmt::format("{} {} {} {} {} {} {}", word(request.verb), request.path,
                                       request.query, request.host, request.peer,
                                       request.secure ? "secure" : "plain", request.body);
        response = text_response(200, "text/plain", std::move(seen));
    }
    co_return response;
}

BodyPlan plan(const Request& head) {
    if (head.path == "/upload" || head.path == "/ignore") return {true, 1 << 20};
    return {false, 1000};
}

class ServerTest : public testing::Test {
protected:
    ServerTest() {
        ServerLimits limits;
        limits.connections_max = 8;
        start(limits);
    }
    void start(ServerLimits limits) {
        Fd listening = listen_tcp("127.0.0.1", 0);
        port_ = port_of(listening);
        running_.emplace(
            [&](Fd socket) { return serve(std::move(socket), &answer, &plan, limits); },
            std::move(listening));
    }
    std::string ask(const std::string& bytes) { return testing_support::exchange(port_, bytes); }
    std::string get(const std::string& path, const std::string& fields = "") {
        return ask("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields +
                   "\r\n");
    }

    std::uint16_t port_ = 0;
    std::optional<testing_support::Running> running_;
};

TEST_F(ServerTest, hands_over_what_was_asked) {
    const std::string reply =
        ask("POST /a%20b/../c?x=1 HTTP/1.1\r\nHost: Shop.Example:80\r\nContent-Length: 5\r\n"
            "X-Berth-Peer: 6.6.6.6\r\nX-Berth-Secure: 1\r\nConnection: close\r\n\r\nhello");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_TRUE(reply.ends_with("\r\n\r\nPOST /c x=1 shop.example 127.0.0.1 plain hello")) << reply;
}

TEST_F(ServerTest, answers_pipelined_requests_in_order) {
    const std::string reply =
        ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\n"
            "2\r\nhi\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const std::size_t first = reply.find("GET /1");
    const std::size_t second = reply.find("POST /2  a 127.0.0.1 plain hi");
    const std::size_t third = reply.find("GET /3");
    EXPECT_TRUE(first < second && second < third && third != reply.npos) << reply;
}

TEST_F(ServerTest, answers_head_without_a_body) {
    const std::string reply = ask("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
    EXPECT_NE(reply.find("content-length: 27"), reply.npos) << reply;
}

TEST_F(ServerTest, refuses_as_a_problem_and_closes) {
    const std::string reply =
        ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 400 Bad Request\r\n")) << reply;
    EXPECT_NE(reply.find("\"code\":\"host\""), reply.npos);
    EXPECT_NE(reply.find("connection: close"), reply.npos);
    EXPECT_EQ(reply.find("HTTP/1.1 200"), reply.npos);
}

TEST_F(ServerTest, refuses_unknown_verbs_and_forbidden_escapes) {
    EXPECT_TRUE(ask("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 501"));
    EXPECT_TRUE(get("/a%2fb").starts_with("HTTP/1.1 400"));
}

TEST_F(ServerTest, refuses_bodies_over_the_limit_before_and_while_they_come) {
    EXPECT_TRUE(ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
                    .starts_with("HTTP/1.1 413"));
    const std::string chunk = "258\r\n" + std::string(600, 'x') + "\r\n";
    const std::string reply =
        ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 413")) << reply;
}

TEST_F(ServerTest, refuses_malformed_chunks) {
    const std::string reply =
        ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5; x y\r\nhello\r\n0\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 400")) << reply;
    EXPECT_NE(reply.find("malformed_chunk"), reply.npos);
}

TEST_F(ServerTest, says_continue_only_when_it_reads) {
    const std::string reply =
        ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
            "2\r\nConnection: close\r\n\r\nhi");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << reply;
    const std::string refused =
        ask("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 413")) << refused;
}

TEST_F(ServerTest, streams_bodies_to_the_handler) {
    const std::string body(200'000, 'x');
    const std::string reply = ask(
        "POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n" +
        body);
    EXPECT_TRUE(reply.ends_with("\r\n\r\n200000")) << reply;
}

TEST_F(ServerTest, never_takes_an_unread_body_for_a_request) {
    const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string reply = ask(
        "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(smuggled.size()) +
        "\r\n\r\n" + smuggled + "GET /real HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(reply.find("/smuggled"), reply.npos) << reply;
    EXPECT_NE(reply.find("GET /real"), reply.npos) << reply;
}

TEST_F(ServerTest, closes_after_a_long_unread_body) {
    const std::string reply =
        ask("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    EXPECT_NE(reply.find("connection: close"), reply.npos) << reply;
    EXPECT_TRUE(reply.ends_with("ignored"));
}

TEST_F(ServerTest, streams_chunks_and_lives_on) {
    const std::string reply =
        ask("GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nConnection: "
            "close\r\n\r\n");
    EXPECT_NE(reply.find("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\nHTTP/1.1 200"),
              reply.npos)
        << reply;
}

TEST_F(ServerTest, streams_to_http_1_0_until_it_closes) {
    const std::string reply = ask("GET /stream HTTP/1.0\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(reply.ends_with("\r\n\r\none two three")) << reply;
    EXPECT_EQ(reply.find("chunked"), reply.npos);
}

TEST_F(ServerTest, cuts_a_stream_that_breaks) {
    const std::string reply = get("/breaks-later");
    EXPECT_TRUE(reply.ends_with("3\r\none\r\n")) << reply;
}

TEST_F(ServerTest, sends_pieces_of_files) {
    const std::string reply = get("/file");
    EXPECT_TRUE(reply.ends_with("\r\n\r\n" + std::string(300'000, 'f')));
}

TEST_F(ServerTest, outlives_readers_that_go_away) {
    start(ServerLimits{});
    for (const char* path : {"/file", "/stream", "/x"}) {
        for (int i = 0; i < 3; ++i) {
            const Fd hasty = testing_support::connect_to(port_);
            testing_support::send_text(hasty,
                                       fmt::format("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", path));
            const linger reset{1, 0};
            ::setsockopt(hasty.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
        EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
    }
}

TEST_F(ServerTest, answers_500_when_a_handler_breaks_and_lives_on) {
    EXPECT_TRUE(get("/throws").starts_with("HTTP/1.1 500"));
    EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, leaves_out_fields_that_would_split_the_head) {
    EXPECT_EQ(get("/forged").find("set-cookie"), std::string::npos);
}

TEST_F(ServerTest, gives_up_on_slow_heads_and_bodies) {
    ServerLimits limits;
    limits.head_limit = 50ms;
    limits.body_limit = 50ms;
    start(limits);
    EXPECT_TRUE(testing_support::exchange_open(port_, "GET / HT").starts_with("HTTP/1.1 408"));
    EXPECT_TRUE(testing_support::exchange_open(
                    port_, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
                    .starts_with("HTTP/1.1 408"));
}

TEST_F(ServerTest, answers_503_over_the_limit_of_connections) {
    std::vector<Fd> open;
    for (int i = 0; i < 8; ++i) {
        open.push_back(testing_support::connect_to(port_));
        testing_support::send_text(open.back(), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        testing_support::receive_until(open.back(), "plain ");
    }
    EXPECT_TRUE(get("/x").starts_with("HTTP/1.1 503"));
}

TEST_F(ServerTest, lets_open_requests_end) {
    const Fd open = testing_support::connect_to(port_);
    const int before = naps;
    testing_support::send_text(open, "GET /nap HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_naps(before + 1);
    running_->stop();
    const std::string reply = testing_support::receive_all(open);
    EXPECT_TRUE(reply.ends_with("rested")) << reply;
    EXPECT_NE(reply.find("connection: close"), reply.npos);
}

/// False: it is ending.
bool accepts_connections(std::uint16_t port) {
    try {
        testing_support::connect_to(port);
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

// The first request of a connection, or the next one, may be on its way when the server ends.
TEST_F(ServerTest, takes_one_more_request_of_connections_that_wait) {
    const Fd fresh = testing_support::connect_to(port_);
    const Fd kept = testing_support::connect_to(port_);
    testing_support::send_text(kept, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    testing_support::receive_until(kept, "plain ");
    const Fd busy = testing_support::connect_to(port_);
    const int before = naps;
    testing_support::send_text(busy, "GET /nap HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_naps(before + 1);
    std::thread visitor([&] {
        while (accepts_connections(port_))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        testing_support::send_text(fresh,
                                   "POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        const std::string reply = testing_support::receive_all(fresh);
        EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 ")) << reply;
        EXPECT_NE(reply.find("connection: close"), reply.npos);
    });
    running_->stop();
    visitor.join();
    EXPECT_EQ(testing_support::receive_all(kept), "");
}

// A connection that carried an event stream before carries a plain request now.
TEST_F(ServerTest, lets_a_request_end_after_an_event_stream_on_its_connection) {
    const Fd open = testing_support::connect_to(port_);
    testing_support::send_text(open, "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    testing_support::receive_until(open, "\r\n0\r\n\r\n");
    const int before = naps;
    testing_support::send_text(open, "GET /nap HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_naps(before + 1);
    running_->stop();
    const std::string reply = testing_support::receive_all(open);
    EXPECT_TRUE(reply.ends_with("rested")) << reply;
}

TEST_F(ServerTest, ends_followers_and_conversations_soon) {
    const Fd follower = testing_support::connect_to(port_);
    testing_support::send_text(follower, "GET /follow HTTP/1.1\r\nHost: a\r\n\r\n");
    testing_support::receive_until(follower, "first");
    const Fd socket = testing_support::connect_to(port_);
    testing_support::send_text(socket,
                               "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                               "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    testing_support::receive_until(socket, "\r\n\r\n");
    const auto begin = std::chrono::steady_clock::now();
    std::thread peer([&] {
        EXPECT_EQ(testing_support::receive_until(socket, "\xf4"), "\x88\x02\x03\xf4");
        const std::string agreed("\x88\x82\0\0\0\0\x03\xf4", 8);
        testing_support::send_text(socket, agreed);
        ::shutdown(socket.get(), SHUT_WR);
        EXPECT_EQ(testing_support::receive_all(follower), "0\r\n\r\n") << "a whole answer";
    });
    running_->stop();
    peer.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(UnixServer, believes_its_peer) {
    const std::string path = "/tmp/berth-server-test-" + random_word(8);
    testing_support::Running running(
        [&](Fd socket) { return serve(std::move(socket), &answer, &plan, ServerLimits{}); },
        listen_unix(path));
    const auto client = make_curl_client(1, "");
    Call call;
    call.url = "unix:" + path + ":/who";
    call.headers.add("x-berth-peer", "192.0.2.7");
    call.headers.add("x-berth-secure", "1");
    const Result<Reply> reply = wait(client->send(call));
    EXPECT_EQ(reply.value().body, "GET /who  localhost 192.0.2.7 secure ");
    ::unlink(path.c_str());
}

// A masked client frame; `head` is its first byte.
std::string frame(int head, std::string payload) {
    std::string bytes;
    bytes.push_back(static_cast<char>(head));
    if (payload.size() < 126) {
        bytes.push_back(static_cast<char>(0x80 | payload.size()));
    } else if (payload.size() < 65536) {
        bytes.push_back(static_cast<char>(0x80 | 126));
        bytes.push_back(static_cast<char>(payload.size() >> 8));
        bytes.push_back(static_cast<char>(payload.size()));
    } else {
        bytes.push_back(static_cast<char>(0x80 | 127));
        for (int at = 7; at >= 0; --at)
            bytes.push_back(static_cast<char>(payload.size() >> (8 * at)));
    }
    const std::string mask = "abcd";
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] ^= mask[i % 4];
    return bytes + mask + payload;
}

const std::string hello =
    "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

class WebSocketTest : public ServerTest {
protected:
    /// What comes after the 101 for these frames.
    std::string converse(const std::string& frames) {
        const std::string reply = ask(hello + frames);
        EXPECT_TRUE(reply.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << reply;
        EXPECT_NE(reply.find("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), reply.npos);
        return reply.substr(reply.find("\r\n\r\n") + 4);
    }
    static std::string closed(int code, const std::string& reason = "") {
        std::string bytes = "\x88";
        bytes.push_back(static_cast<char>(2 + reason.size()));
        bytes.push_back(static_cast<char>(code >> 8));
        bytes.push_back(static_cast<char>(code));
        return bytes + reason;
    }
    const std::string goodbye_ = frame(0x88, "\x03\xe8");
};

TEST_F(WebSocketTest, echoes_text_and_binary) {
    EXPECT_EQ(converse(frame(0x81, "hi") + frame(0x82, "\xff") + goodbye_),
              "\x81\x02hi\x82\x01\xff" + closed(1000));
}

TEST_F(WebSocketTest, joins_fragments_around_a_ping) {
    EXPECT_EQ(converse(frame(0x01, "he") + frame(0x89, "p") + frame(0x80, "y") + goodbye_),
              "\x8a\x01p\x81\x03hey" + closed(1000));
}

TEST_F(WebSocketTest, takes_messages_up_to_64_KiB) {
    const std::string large(65536, 'x');
    const std::string reply = converse(frame(0x82, large) + goodbye_);
    EXPECT_EQ(reply.size(), 10 + large.size() + 4);
    EXPECT_EQ(converse(frame(0x82, large + "x")), closed(1009, "over 64 KiB"));
    EXPECT_EQ(converse(frame(0x02, large) + frame(0x80, "x")), closed(1009, "over 64 KiB"));
}

TEST_F(WebSocketTest, closes_when_the_handler_wants) {
    EXPECT_EQ(converse(frame(0x81, "close me") + goodbye_), closed(4001, "as you wish"));
}

TEST_F(WebSocketTest, gives_up_on_broken_frames) {
    const std::string malformed = closed(1002, "malformed frame");
    EXPECT_EQ(converse("\x81\x02hi"), malformed);       // not masked
    EXPECT_EQ(converse(frame(0xc1, "hi")), malformed);  // reserved bit
    EXPECT_EQ(converse(frame(0x83, "hi")), malformed);  // unknown opcode
    EXPECT_EQ(converse(frame(0x09, "hi")), malformed);  // fragmented control
    EXPECT_EQ(converse(frame(0x89, std::string(126, 'x'))), malformed);
    EXPECT_EQ(converse(frame(0x80, "hi")), closed(1002, "fragments out of order"));
    EXPECT_EQ(converse(frame(0x01, "a") + frame(0x81, "b")),
              closed(1002, "fragments out of order"));
    EXPECT_EQ(converse(frame(0x81, "\xff")), closed(1007, "text is not UTF-8"));
    EXPECT_EQ(converse(frame(0x88, "\x03\xed")), closed(1002, "malformed close"));  // 1005
}

TEST_F(WebSocketTest, needs_an_upgrade) {
    const std::string reply = get("/socket");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 426")) << reply;
    EXPECT_NE(reply.find("sec-websocket-version: 13"), reply.npos);
}

}  // namespace
}  // namespace berth::http

/// WebSockets on their way through the edge: whatever the two ends say to each other after the 101
/// arrives byte by byte as it was sent, and nothing of it before a 101, or without one. This test
/// is both ends, so that it says exactly what comes when.

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "edge/running_edge.hpp"
#include "edge/websocket_testing.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;

/// What both ends say to each other, each in pieces of `piece` bytes (0: at once).
struct Case {
    std::string name{};
    std::string to_api{};
    std::string to_visitor{};
    std::size_t piece = 0;
};

Case both_ways(std::string name, const std::vector<Frame>& frames, std::size_t piece = 0) {
    Case made{.name = std::move(name), .piece = piece};
    for (const Frame& frame : frames) {
        made.to_api += encode(frame, Masked::yes);
        made.to_visitor += encode(frame, Masked::no);
    }
    return made;
}

std::vector<Case> of_every_size() {
    std::vector<Case> cases;
    for (const std::size_t size : std::initializer_list<std::size_t>{
             0,     1,      2,      3,      124,    125,    126,    127,    128,
             254,   255,    256,    1'000,  1'023,  1'024,  4'095,  4'096,  8'191,
             8'192, 16'383, 16'384, 16'385, 32'768, 65'535, 65'536, 65'537, 70'000}) {
        for (const unsigned first : {0x81U, 0x82U}) {
            const Frame frame{first, first == 0x81 ? std::string(size, 't') : noise(size)};
            for (const std::size_t piece : {std::size_t{0}, std::size_t{3}, std::size_t{1'460}}) {
                if (piece == 3 && size > 2'000) continue;
                cases.push_back(
                    both_ways(fmt::format("{:x} of {} bytes in pieces of {}", first, size, piece),
                              {frame}, piece));
            }
        }
    }
    return cases;
}

/// A message in fragments, with control frames between them as RFC 6455 §5.4 allows.
std::vector<Case> in_fragments() {
    std::vector<Case> cases;
    for (unsigned fragments = 2; fragments <= 7; ++fragments) {
        for (const std::vector<Frame>& between : {std::vector<Frame>{},
                                                  {{0x89, "are you there"}},
                                                  {{0x8a, ""}},
                                                  {{0x89, noise(125)}, {0x8a, noise(125)}}}) {
            std::vector<Frame> frames;
            for (unsigned at = 0; at < fragments; ++at) {
                const unsigned final = at + 1 == fragments ? 0x80 : 0;
                frames.push_back({final | (at == 0 ? 2U : 0U), noise(at * 100)});
                if (final == 0) frames.insert(frames.end(), between.begin(), between.end());
            }
            cases.push_back(
                both_ways(fmt::format("{} fragments, {} between", fragments, between.size()),
                          frames, fragments % 2 == 0 ? 0 : 11));
        }
    }
    return cases;
}

std::vector<Case> with_control_frames() {
    std::vector<Case> cases;
    for (const unsigned first : {0x89U, 0x8aU}) {
        for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 64, 124, 125})
            cases.push_back(
                both_ways(fmt::format("{:x} of {}", first, size), {{first, noise(size)}}));
    }
    cases.push_back(both_ways("a close without a code", {{0x88, ""}}));
    cases.push_back(both_ways("a close with half a code", {{0x88, "\x03"}}));
    for (const unsigned code : std::initializer_list<unsigned>{
             1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000,
             3999, 4000, 4999, 0,    999,  1004, 1005, 1006, 1015, 2999, 5000, 65535}) {
        cases.push_back(both_ways(fmt::format("a close of {}", code),
                                  {{0x81, "last words"}, {0x88, close_payload(code, "why")}}));
    }
    cases.push_back(both_ways("a close with the longest reason",
                              {{0x88, close_payload(1000, std::string(123, 'r'))}}));
    cases.push_back(both_ways("a close with a reason that is no text",
                              {{0x88, close_payload(1000, "\xff\xfe")}}));
    cases.push_back(both_ways(
        "words behind a close",
        {{0x88, close_payload(1000, "")}, {0x81, "but"}, {0x88, close_payload(1001, "")}}));
    return cases;
}

/// What no end should say. The edge does not read it: it is for the other end to judge.
std::vector<Case> out_of_order() {
    std::vector<Case> cases;
    for (unsigned reserved = 0x10; reserved <= 0x70; reserved += 0x10)
        cases.push_back(
            both_ways(fmt::format("reserved bits {:x}", reserved), {{0x82 | reserved, noise(20)}}));
    for (const unsigned opcode : std::initializer_list<unsigned>{3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
        cases.push_back(both_ways(fmt::format("opcode {}", opcode), {{0x80 | opcode, noise(20)}}));
    cases.push_back(both_ways("a continuation of nothing", {{0x80, "x"}}));
    cases.push_back(both_ways("two beginnings", {{0x01, "x"}, {0x81, "y"}}));
    cases.push_back(both_ways("a control frame in fragments", {{0x09, "x"}, {0x80, "y"}}));
    cases.push_back(both_ways("a ping over 125 bytes", {{0x89, noise(126)}}));
    cases.push_back(both_ways("a size in two bytes without a need", {{0x82, "short", 2}}));
    cases.push_back(both_ways("a size in eight bytes without a need", {{0x82, "short", 8}}));
    cases.push_back(both_ways("text that is no UTF-8", {{0x81, "\xc0\xaf\xed\xa0\x80"}}));
    cases.push_back({"masks the wrong way round", encode({0x82, "x"}, Masked::no),
                     encode({0x82, "x"}, Masked::yes)});
    cases.push_back({"a size of 2^63", "\x82\xff\x80" + std::string(7, '\0') + "mask",
                     "\x82\x7f\x80" + std::string(7, '\0')});
    const std::string request = "GET /smuggled HTTP/1.1\r\nHost: berth.test\r\n\r\n";
    cases.push_back({"requests and answers", request + request,
                     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"});
    cases.push_back({"nothing but line ends", "\r\n\r\n\n\r", "\n\n\r\n\r\n"});
    cases.push_back({"nothing but nuls", std::string(5'000, '\0'), std::string(5'000, '\0')});
    cases.push_back({"noise", noise(70'000), noise(70'000)});
    cases.push_back({"one end alone speaks", encode({0x82, noise(300)}, Masked::yes), ""});
    cases.push_back({"the other end alone speaks", "", encode({0x82, noise(300)}, Masked::no)});
    cases.push_back({"nobody speaks", "", ""});
    return cases;
}

std::vector<Case> many_at_once() {
    std::vector<Case> cases;
    for (const std::size_t count : std::initializer_list<std::size_t>{2, 3, 5, 10, 50, 100, 500}) {
        for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 125, 126}) {
            const std::vector<Frame> frames(count, Frame{0x82, noise(size)});
            cases.push_back(both_ways(fmt::format("{} frames of {}", count, size), frames));
        }
    }
    return cases;
}

/// A short conversation that has every kind of frame.
const std::vector<Frame> short_words{{0x81, "hi"}, {0x89, ""},  {0x02, "a"},
                                     {0x8a, "p"},  {0x80, "b"}, {0x88, close_payload(1000, "")}};

std::vector<Case> split_everywhere() {
    const Case whole = both_ways("", short_words);
    std::vector<Case> cases;
    for (std::size_t piece = 1; piece < whole.to_api.size(); ++piece)
        cases.push_back(both_ways(fmt::format("pieces of {}", piece), short_words, piece));
    return cases;
}

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const std::vector<Case>& some : {of_every_size(), in_fragments(), with_control_frames(),
                                          out_of_order(), many_at_once(), split_everywhere()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

TEST(WebSocketPassingCases, are_at_least_300) {
    EXPECT_GE(all_cases().size(), 300U);
}

// --- both ends

class WebSocketPassing : public testing::Test {
protected:
    WebSocketPassing() : listening_(http::listen_unix(store_ / "api.sock")) {
        EdgeLimits limits;
        limits.write_limit = std::chrono::seconds(2);
        edge_.emplace(store_, limits);
    }

    /// The edge's connection to the api.
    Fd accept() { return accept_from(listening_); }

    struct Ends {
        Fd visitor{};
        Fd api{};
        std::string asked{};     // the head that the api got
        std::string answered{};  // the head that the visitor got
    };

    /// Small pieces go at once.
    Fd connect() const {
        Fd socket = raw::connect_to(edge_->port());
        const int yes = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        return socket;
    }

    static std::string head_from(const Fd& socket) {
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            const std::string byte = receive_exactly(socket, 1);
            if (byte.empty()) break;
            head += byte;
        }
        return head;
    }

    Ends open(const std::string& from_visitor = hello(), const std::string& from_api = switched()) {
        Ends ends;
        ends.visitor = connect();
        raw::send_text(ends.visitor, from_visitor);
        ends.api = accept();
        ends.asked = head_from(ends.api);
        raw::send_text(ends.api, from_api);
        ends.answered = head_from(ends.visitor);
        EXPECT_TRUE(ends.answered.starts_with("HTTP/1.1 101 ")) << ends.answered;
        return ends;
    }

    static void send_in_pieces(const Fd& socket, const std::string& bytes, std::size_t piece) {
        const std::size_t step = piece == 0 ? bytes.size() + 1 : piece;
        for (std::size_t at = 0; at < bytes.size(); at += step)
            raw::send_text(socket, std::string_view(bytes).substr(at, step));
    }

    /// Both ends end, and neither has anything more to say.
    static void expect_end(Ends& ends) {
        ::shutdown(ends.visitor.get(), SHUT_WR);
        const Received at_api = receive_to_end(ends.api);
        EXPECT_TRUE(at_api.closed && at_api.bytes.empty()) << at_api.bytes;
        ends.api = {};
        const Received at_visitor = receive_to_end(ends.visitor);
        EXPECT_TRUE(at_visitor.closed && at_visitor.bytes.empty()) << at_visitor.bytes;
    }

    Store store_;
    Fd listening_;
    std::optional<RunningEdge> edge_;
};

TEST_F(WebSocketPassing, changes_no_byte_either_way) {
    for (const Case& one : all_cases()) {
        SCOPED_TRACE(one.name);
        Ends ends = open();
        send_in_pieces(ends.visitor, one.to_api, one.piece);
        send_in_pieces(ends.api, one.to_visitor, one.piece);
        EXPECT_TRUE(receive_exactly(ends.api, one.to_api.size()) == one.to_api);
        EXPECT_TRUE(receive_exactly(ends.visitor, one.to_visitor.size()) == one.to_visitor);
        expect_end(ends);
    }
}

/// Each half has arrived before the other is sent: no buffer on the way puts them together.
TEST_F(WebSocketPassing, holds_nothing_back_at_any_boundary) {
    const Case whole = both_ways("", short_words);
    for (std::size_t at = 1; at < whole.to_api.size(); ++at) {
        SCOPED_TRACE(at);
        Ends ends = open();
        for (const std::string& half : {whole.to_api.substr(0, at), whole.to_api.substr(at)}) {
            raw::send_text(ends.visitor, half);
            EXPECT_EQ(receive_exactly(ends.api, half.size()), half);
        }
        const std::size_t there = std::min(at, whole.to_visitor.size() - 1);
        for (const std::string& half :
             {whole.to_visitor.substr(0, there), whole.to_visitor.substr(there)}) {
            raw::send_text(ends.api, half);
            EXPECT_EQ(receive_exactly(ends.visitor, half.size()), half);
        }
        expect_end(ends);
    }
}

TEST_F(WebSocketPassing, keeps_what_is_said_before_the_switch) {
    for (const std::size_t size :
         std::initializer_list<std::size_t>{0, 1, 125, 126, 1'000, 16'384, 40'000}) {
        SCOPED_TRACE(size);
        const std::string early = encode({0x82, noise(size)}, Masked::yes);
        const std::string greeting = encode({0x82, noise(size)}, Masked::no);
        const Fd visitor = connect();
        raw::send_text(visitor, hello() + early);
        Ends ends;
        ends.api = accept();
        ends.asked = head_from(ends.api);
        // Not before the 101: until then it may be another request.
        pollfd more{ends.api.get(), POLLIN, 0};
        EXPECT_EQ(::poll(&more, 1, 5), 0);
        raw::send_text(ends.api, switched() + greeting);
        EXPECT_TRUE(head_from(visitor).starts_with("HTTP/1.1 101 "));
        EXPECT_TRUE(receive_exactly(visitor, greeting.size()) == greeting);
        EXPECT_TRUE(receive_exactly(ends.api, early.size()) == early);
    }
}

TEST_F(WebSocketPassing, takes_a_switch_that_comes_in_pieces) {
    const std::string greeting = encode({0x81, "hello"}, Masked::no);
    const std::string reply = switched() + greeting;
    for (std::size_t at = 1; at < reply.size(); at += 5) {
        SCOPED_TRACE(at);
        const Fd visitor = connect();
        raw::send_text(visitor, hello());
        const Fd api = accept();
        head_from(api);
        raw::send_text(api, std::string_view(reply).substr(0, at));
        raw::send_text(api, std::string_view(reply).substr(at));
        EXPECT_TRUE(head_from(visitor).starts_with("HTTP/1.1 101 "));
        EXPECT_EQ(receive_exactly(visitor, greeting.size()), greeting);
    }
}

TEST_F(WebSocketPassing, shows_each_end_the_fields_of_the_other) {
    for (const char* field :
         {"sec-websocket-protocol: chat", "sec-websocket-protocol: chat, superchat; v=1",
          "sec-websocket-protocol: berth.log.v1", "sec-websocket-extensions: permessage-deflate",
          "sec-websocket-extensions: permessage-deflate; client_max_window_bits, x-other; a=\"b\"",
          "sec-websocket-extensions: ", "origin: https://evil.test", "origin: null",
          "cookie: session=1; other=2", "user-agent: a b/c (d)", "x-anything: \xc3\xa9",
          "authorization: Bearer tok_1"}) {
        SCOPED_TRACE(field);
        const std::string line = std::string(field) + "\r\n";
        Ends ends = open(hello(line), switched(line));
        EXPECT_NE(ends.asked.find("\r\n" + line), ends.asked.npos) << ends.asked;
        EXPECT_NE(ends.answered.find("\r\n" + line), ends.answered.npos) << ends.answered;
        for (const std::string& expected :
             {std::string("\r\nsec-websocket-version: 13\r\n"),
              "\r\nsec-websocket-key: " + key + "\r\n", std::string("\r\nconnection: upgrade\r\n"),
              std::string("\r\nupgrade: websocket\r\n")})
            EXPECT_NE(ends.asked.find(expected), ends.asked.npos) << ends.asked;
        for (const std::string& expected :
             {"\r\nsec-websocket-accept: " + http::websocket_accept(key) + "\r\n",
              std::string("\r\nconnection: upgrade\r\n"),
              std::string("\r\nupgrade: websocket\r\n")})
            EXPECT_NE(ends.answered.find(expected), ends.answered.npos) << ends.answered;
        expect_end(ends);
    }
}

TEST_F(WebSocketPassing, knows_the_words_of_the_switch_in_any_case) {
    for (const char* words :
         {"Connection: Upgrade\r\nUpgrade: websocket", "connection: upgrade\r\nupgrade: WebSocket",
          "CONNECTION: UPGRADE\r\nUPGRADE: WEBSOCKET",
          "Connection: keep-alive, Upgrade\r\nUpgrade: websocket",
          "Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: websocket",
          "Upgrade: websocket\r\nConnection: Upgrade", "Connection:upgrade\r\nUpgrade:websocket",
          "Connection: upgrade,\r\nUpgrade: websocket, other"}) {
        SCOPED_TRACE(words);
        Ends ends = open("GET /socket?a=b HTTP/1.1\r\nHost: berth.test\r\n" + std::string(words) +
                         "\r\nSec-WebSocket-Key: " + key + "\r\n\r\n");
        EXPECT_TRUE(ends.asked.starts_with("GET /socket?a=b HTTP/1.1\r\n")) << ends.asked;
        EXPECT_TRUE(ends.asked.ends_with("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"))
            << ends.asked;
        expect_end(ends);
    }
}

/// What the accept field says is for the visitor to judge.
TEST_F(WebSocketPassing, leaves_the_proof_of_the_switch_to_the_visitor) {
    for (const char* proof : {"sec-websocket-accept: wrong", "x-none: 1",
                              "sec-websocket-accept: a\r\nsec-websocket-accept: b"}) {
        SCOPED_TRACE(proof);
        Ends ends = open(hello(),
                         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                         "Upgrade: websocket\r\n" +
                             std::string(proof) + "\r\n\r\n");
        EXPECT_NE(ends.answered.find(proof), ends.answered.npos) << ends.answered;
        expect_end(ends);
    }
}

TEST_F(WebSocketPassing, lets_one_end_speak_on_when_the_other_has_ended) {
    for (const std::size_t size : std::initializer_list<std::size_t>{1, 125, 20'000}) {
        SCOPED_TRACE(size);
        const std::string last = encode({0x82, noise(size)}, Masked::no);
        Ends ends = open();
        raw::send_text(ends.visitor, encode({0x81, "the end"}, Masked::yes));
        ::shutdown(ends.visitor.get(), SHUT_WR);
        const Received at_api = receive_to_end(ends.api);
        EXPECT_TRUE(at_api.closed);
        EXPECT_EQ(at_api.bytes, encode({0x81, "the end"}, Masked::yes));
        raw::send_text(ends.api, last);
        ends.api = {};
        const Received at_visitor = receive_to_end(ends.visitor);
        EXPECT_TRUE(at_visitor.closed);
        EXPECT_TRUE(at_visitor.bytes == last);
    }
}

TEST_F(WebSocketPassing, tells_the_visitor_when_the_api_has_ended) {
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 125, 20'000}) {
        SCOPED_TRACE(size);
        const std::string last = encode({0x82, noise(size)}, Masked::no);
        Ends ends = open();
        raw::send_text(ends.api, last);
        ends.api = {};
        const Received received = receive_to_end(ends.visitor);
        EXPECT_TRUE(received.closed);
        EXPECT_TRUE(received.bytes == last);
    }
}

// --- no switch

/// The visitor hears why, and what it sends behind is a request like any other, or none at all.
TEST_F(WebSocketPassing, passes_a_refusal_on_and_stays_with_http) {
    for (const char* status :
         {"200 OK", "301 Moved Permanently", "400 Bad Request", "401 Unauthorized", "403 Forbidden",
          "404 Not Found", "426 Upgrade Required", "429 Too Many Requests",
          "500 Internal Server Error", "503 Service Unavailable"}) {
        for (const char* body : {"content-length: 0\r\n\r\n", "content-length: 2\r\n\r\nno",
                                 "transfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"}) {
            SCOPED_TRACE(std::string(status) + " " + body);
            const Fd visitor = connect();
            raw::send_text(visitor, hello() +
                                        "GET /next HTTP/1.1\r\nHost: berth.test\r\n"
                                        "Connection: close\r\n\r\n");
            const Fd api = accept();
            EXPECT_TRUE(head_from(api).starts_with("GET /socket HTTP/1.1\r\n"));
            raw::send_text(api, std::string("HTTP/1.1 ") + status + "\r\n" + body);
            // On the same connection, since this one was not switched.
            const std::string next = head_from(api);
            EXPECT_TRUE(next.starts_with("GET /next HTTP/1.1\r\n")) << next;
            EXPECT_EQ(next.find("upgrade"), next.npos) << next;
            raw::send_text(api, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext");
            const Received received = receive_to_end(visitor);
            EXPECT_TRUE(received.closed);
            EXPECT_TRUE(received.bytes.starts_with(std::string("HTTP/1.1 ") + status + "\r\n"))
                << received.bytes;
            EXPECT_TRUE(received.bytes.ends_with("\r\n\r\nnext")) << received.bytes;
            EXPECT_EQ(received.bytes.find(" 101 "), received.bytes.npos);
        }
    }
}

TEST_F(WebSocketPassing, takes_frames_behind_a_refusal_for_no_request) {
    const Fd visitor = connect();
    const std::string frames =
        encode({0x81, "GET /smuggled HTTP/1.1\r\nHost: berth.test\r\n\r\n"}, Masked::no);
    raw::send_text(visitor, hello() + frames);
    const Fd api = accept();
    head_from(api);
    raw::send_text(api, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    const Received received = receive_to_end(visitor);
    EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 403 ")) << received.bytes;
    EXPECT_NE(received.bytes.find("HTTP/1.1 400 "), received.bytes.npos) << received.bytes;
    pollfd more{api.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&more, 1, 5), 0) << "the api heard of it";
}

TEST_F(WebSocketPassing, does_not_switch_to_what_was_not_asked_for) {
    for (const char* reply :
         {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websockets\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: \r\n\r\n"}) {
        SCOPED_TRACE(reply);
        const Fd visitor = connect();
        raw::send_text(visitor, hello() + "frames");
        const Fd api = accept();
        head_from(api);
        raw::send_text(api, std::string(reply) + "frames");
        const Received received = receive_to_end(visitor);
        EXPECT_TRUE(received.closed);
        EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 502 ")) << received.bytes;
        const Received at_api = receive_to_end(api);
        EXPECT_TRUE(at_api.closed && at_api.bytes.empty()) << at_api.bytes;
    }
}

/// A switch that nobody asked for would turn what follows into a tunnel.
TEST_F(WebSocketPassing, is_not_switched_without_having_asked) {
    for (const char* fields :
         {"", "Upgrade: websocket\r\n", "Connection: upgrade\r\n",
          "Connection: upgrade\r\nUpgrade: h2c\r\n",
          "Connection: upgrade\r\nUpgrade: x, websockets\r\n",
          "Connection: upgrades\r\nUpgrade: websocket\r\n",
          "Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n"}) {
        SCOPED_TRACE(fields);
        const Fd visitor = connect();
        raw::send_text(
            visitor, "GET /socket HTTP/1.1\r\nHost: berth.test\r\n" + std::string(fields) + "\r\n");
        const Fd api = accept();
        const std::string asked = head_from(api);
        EXPECT_EQ(asked.find("upgrade"), asked.npos) << asked;
        raw::send_text(api, switched() + "frames");
        const Received received = receive_to_end(visitor);
        EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 502 ")) << received.bytes;
    }
}

TEST_F(WebSocketPassing, says_when_the_api_ends_without_an_answer) {
    for (const char* reply : {"", "HTTP/1.1 101 Switch", "rubbish\r\n\r\n"}) {
        SCOPED_TRACE(reply);
        const Fd visitor = connect();
        raw::send_text(visitor, hello());
        Fd api = accept();
        head_from(api);
        raw::send_text(api, reply);
        api = {};
        const Received received = receive_to_end(visitor);
        EXPECT_TRUE(received.bytes.starts_with("HTTP/1.1 502 ")) << received.bytes;
    }
}

}  // namespace
}  // namespace berth::edge

#include "http/head_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::http {
namespace {

using namespace std::string_literals;

struct Vector {
    std::string name;
    std::string bytes;
    unsigned status;  // 0: accepted
};

std::string get(const std::string& fields) {
    return "GET / HTTP/1.1\r\n" + fields + "\r\n";
}

std::string get_with(const std::string& fields) {
    return get("Host: a\r\n" + fields);
}

std::string post(const std::string& fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

std::string line(const std::string& request_line) {
    return request_line + "\r\nHost: a\r\n\r\n";
}

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

unsigned verdict(std::string bytes) {
    std::size_t scanned = 0;
    const HeadEnd end = find_head_end(bytes, scanned);
    if (end.refusal) return end.refusal.status;
    if (end.bytes == 0) return 1;  // more is needed
    HeadView head;
    return parse_head(std::span(bytes).first(end.bytes), head).status;
}

/// The same when every byte comes alone, as from a slow sender.
unsigned slow_verdict(const std::string& bytes) {
    std::size_t scanned = 0;
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        std::string received = bytes.substr(0, size);
        const HeadEnd end = find_head_end(received, scanned);
        if (end.refusal) return end.refusal.status;
        if (end.bytes == 0) continue;
        HeadView head;
        return parse_head(std::span(received).first(end.bytes), head).status;
    }
    return 1;
}

std::vector<Vector> request_lines() {
    return {
        {"plain", line("GET / HTTP/1.1"), 0},
        {"http 1.0 with host", line("GET / HTTP/1.0"), 0},
        {"query", line("GET /a?b=c&d HTTP/1.1"), 0},
        {"escapes", line("GET /a%20b HTTP/1.1"), 0},
        {"asterisk", line("OPTIONS * HTTP/1.1"), 0},
        {"another token as verb", line("PROPFIND / HTTP/1.1"), 0},
        {"braces in the query", line("GET /?a={b|c} HTTP/1.1"), 0},
        {"two spaces before the target", line("GET  / HTTP/1.1"), 400},
        {"two spaces before the version", line("GET /  HTTP/1.1"), 400},
        {"leading space", line(" GET / HTTP/1.1"), 400},
        {"trailing space", line("GET / HTTP/1.1 "), 400},
        {"tab as separator", line("GET\t/\tHTTP/1.1"), 400},
        {"space in the target", line("GET /a b HTTP/1.1"), 400},
        {"http 0.9", "GET /\r\n\r\n", 400},
        {"no target", line("GET HTTP/1.1"), 400},
        {"no verb", line("/ HTTP/1.1"), 400},
        {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"http 1.2", line("GET / HTTP/1.2"), 505},
        {"http 2.0", line("GET / HTTP/2.0"), 505},
        {"http 2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
        {"http 0.9 spelled out", line("GET / HTTP/0.9"), 505},
        {"http 9.9", line("GET / HTTP/9.9"), 505},
        {"lower case version", line("GET / http/1.1"), 400},
        {"version with more digits", line("GET / HTTP/1.10"), 400},
        {"version with a leading zero", line("GET / HTTP/01.1"), 400},
        {"version with a plus", line("GET / HTTP/+1.1"), 400},
        {"version without a minor", line("GET / HTTP/1"), 400},
        {"version with a comma", line("GET / HTTP/1,1"), 400},
        {"another protocol", line("GET / ICY/1.1"), 400},
        {"nul after the version", line("GET / HTTP/1.1\0"s), 400},
        {"verb with a colon", line("GE:T / HTTP/1.1"), 400},
        {"verb with a control", line("G\x01T / HTTP/1.1"), 400},
        {"verb with parentheses", line("G(E)T / HTTP/1.1"), 400},
        {"verb with raw bytes", line("G\xc3\xa9T / HTTP/1.1"), 400},
        {"long verb", line(std::string(33, 'A') + " / HTTP/1.1"), 501},
        {"connect", line("CONNECT a:443 HTTP/1.1"), 501},
        {"trace", line("TRACE / HTTP/1.1"), 501},
        {"trace in another case", line("trace / HTTP/1.1"), 0},
        {"connect to a path", line("CONNECT / HTTP/1.1"), 501},
    };
}

std::vector<Vector> targets() {
    return {
        {"authority form", line("GET a:80 HTTP/1.1"), 400},
        {"asterisk with get", line("GET * HTTP/1.1"), 400},
        {"relative", line("GET a/b HTTP/1.1"), 400},
        {"only a query", line("GET ?a HTTP/1.1"), 400},
        {"fragment", line("GET /a#b HTTP/1.1"), 400},
        {"nul", line("GET /a\0b HTTP/1.1"s), 400},
        {"control", line("GET /a\x01 HTTP/1.1"), 400},
        {"delete", line("GET /a\x7f HTTP/1.1"), 400},
        {"tab", line("GET /a\tb HTTP/1.1"), 400},
        {"bare return", line("GET /a\rb HTTP/1.1"), 400},
        {"raw utf-8", line("GET /\xc3\xa9 HTTP/1.1"), 400},
        {"raw latin-1", line("GET /\xe9 HTTP/1.1"), 400},
        {"raw bytes in the query", line("GET /?\xff HTTP/1.1"), 400},
        {"backslash", line("GET /a\\b HTTP/1.1"), 400},
        {"backslash first", line("GET \\a HTTP/1.1"), 400},
        {"8 KiB", line("GET /" + std::string(8191, 'a') + " HTTP/1.1"), 0},
        {"over 8 KiB", line("GET /" + std::string(8192, 'a') + " HTTP/1.1"), 414},
        {"far over 8 KiB", line("GET /" + std::string(20000, 'a') + " HTTP/1.1"), 414},
        {"endless target", "GET /" + std::string(9000, 'a'), 414},
        {"absolute", line("GET http://a/b HTTP/1.1"), 0},
        {"absolute in another case", line("GET HTTP://A/b HTTP/1.1"), 0},
        {"absolute without path", line("GET http://a HTTP/1.1"), 0},
        {"absolute https", line("GET https://a/ HTTP/1.1"), 0},
        {"absolute of another host", line("GET http://b/ HTTP/1.1"), 400},
        {"absolute of another port", line("GET http://a:81/ HTTP/1.1"), 400},
        {"absolute with user", line("GET http://u@a/ HTTP/1.1"), 400},
        {"absolute without host", line("GET http:/// HTTP/1.1"), 400},
        {"absolute with query only", line("GET http://a?b HTTP/1.1"), 400},
        {"absolute ftp", line("GET ftp://a/ HTTP/1.1"), 400},
        {"absolute file", line("GET file:///etc/passwd HTTP/1.1"), 400},
        {"scheme without slashes", line("GET http:a HTTP/1.1"), 400},
        {"scheme javascript", line("GET javascript://a/ HTTP/1.1"), 400},
    };
}

std::vector<Vector> hosts() {
    return {
        {"no host", get(""), 400},
        {"no host on 1.0", "GET / HTTP/1.0\r\n\r\n", 400},
        {"two hosts", get("Host: a\r\nHost: a\r\n"), 400},
        {"two different hosts", get("Host: a\r\nHost: b\r\n"), 400},
        {"two hosts in two cases", get("host: a\r\nHOST: b\r\n"), 400},
        {"empty host", get("Host:\r\n"), 400},
        {"blank host", get("Host:  \r\n"), 400},
        {"host with a path", get("Host: a/b\r\n"), 400},
        {"host with a query", get("Host: a?b\r\n"), 400},
        {"host with a user", get("Host: u@a\r\n"), 400},
        {"host with a space", get("Host: a b\r\n"), 400},
        {"host list", get("Host: a, b\r\n"), 400},
        {"host with a backslash", get("Host: a\\b\r\n"), 400},
        {"host with an escape", get("Host: a%2eb\r\n"), 400},
        {"host with raw bytes", get("Host: \xc3\xa9\r\n"), 400},
        {"host with a quote", get("Host: \"a\"\r\n"), 400},
        {"host of an xss", get("Host: <script>\r\n"), 400},
        {"host with a port", get("Host: a:8080\r\n"), 0},
        {"host with an empty port", get("Host: a:\r\n"), 400},
        {"host with port zero", get("Host: a:0\r\n"), 400},
        {"host with a huge port", get("Host: a:65536\r\n"), 400},
        {"host with a long port", get("Host: a:000080\r\n"), 400},
        {"host with a port of letters", get("Host: a:b\r\n"), 400},
        {"host with two ports", get("Host: a:1:2\r\n"), 400},
        {"only a port", get("Host: :80\r\n"), 400},
        {"host with a trailing dot", get("Host: a.\r\n"), 0},
        {"host with an underscore", get("Host: a_b\r\n"), 0},
        {"ipv4", get("Host: 127.0.0.1:80\r\n"), 0},
        {"ipv6", get("Host: [::1]:80\r\n"), 0},
        {"open ipv6", get("Host: [::1\r\n"), 400},
        {"bare ipv6", get("Host: ::1\r\n"), 400},
        {"empty ipv6", get("Host: []\r\n"), 400},
        {"ipv6 with a zone", get("Host: [fe80::1%25eth0]\r\n"), 400},
        {"ipv6 with a tail", get("Host: [::1]a\r\n"), 400},
        {"name in brackets", get("Host: [abc]\r\n"), 400},
        {"colons in brackets", get("Host: [:::::]\r\n"), 400},
        {"two groups", get("Host: [1:2]\r\n"), 400},
        {"nine groups", get("Host: [1:2:3:4:5:6:7:8:9]\r\n"), 400},
        {"two gaps", get("Host: [1::2::3]\r\n"), 400},
        {"group of five digits", get("Host: [::12345]\r\n"), 400},
        {"ipv4 in brackets", get("Host: [1.2.3.4]\r\n"), 400},
        {"bad ipv4 at the end", get("Host: [::256.0.0.1]\r\n"), 400},
        {"ipv4 at the end", get("Host: [::ffff:1.2.3.4]\r\n"), 0},
        {"eight groups", get("Host: [1:2:3:4:5:6:7:8]\r\n"), 0},
        {"host of 256 bytes", get("Host: " + std::string(256, 'a') + "\r\n"), 400},
    };
}

std::vector<Vector> fields() {
    return {
        {"space before the colon", get_with("A : b\r\n"), 400},
        {"tab before the colon", get_with("A\t: b\r\n"), 400},
        {"folded", get_with("A: b\r\n c\r\n"), 400},
        {"folded by a tab", get_with("A: b\r\n\tc\r\n"), 400},
        {"folded first", get(" Host: a\r\n"), 400},
        {"line of blanks", get_with("  \r\n"), 400},
        {"no colon", get_with("abc\r\n"), 400},
        {"no name", get_with(": b\r\n"), 400},
        {"name with a space", get_with("a b: c\r\n"), 400},
        {"name with a quote", get_with("a\"b: c\r\n"), 400},
        {"name with raw bytes", get_with("\xc3\xa9: c\r\n"), 400},
        {"name with a nul", get_with("a\0b: c\r\n"s), 400},
        {"name with a slash", get_with("a/b: c\r\n"), 400},
        {"name with brackets", get_with("a[b]: c\r\n"), 400},
        {"value with a nul", get_with("a: b\0c\r\n"s), 400},
        {"value with a bare return", get_with("a: b\rc\r\n"), 400},
        {"value with return return", get_with("a: b\r\r\n"), 400},
        {"value with an escape character", get_with("a: \x1b[0m\r\n"), 400},
        {"value with a delete", get_with("a: \x7f\r\n"), 400},
        {"value with a tab", get_with("a: b\tc\r\n"), 0},
        {"value with raw bytes", get_with("a: \xc3\xa9\r\n"), 0},
        {"empty value", get_with("a:\r\n"), 0},
        {"bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"bare feed after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"bare feed in a field", get_with("a: b\nc: d\r\n"), 400},
        {"bare feed at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"feed first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"returns alone", "GET / HTTP/1.1\rHost: a\r\r", 1},
        {"feed return", "GET / HTTP/1.1\n\rHost: a\n\r\n\r", 400},
        {"100 fields", get_with(repeated("a: b\r\n", 99)), 0},
        {"101 fields", get_with(repeated("a: b\r\n", 100)), 431},
        {"name of 256 bytes", get_with(std::string(256, 'a') + ": b\r\n"), 0},
        {"name of 257 bytes", get_with(std::string(257, 'a') + ": b\r\n"), 431},
        {"head under 32 KiB", get_with("a: " + std::string(32000, 'b') + "\r\n"), 0},
        {"head over 32 KiB", get_with("a: " + std::string(33000, 'b') + "\r\n"), 431},
        {"endless head", "GET / HTTP/1.1\r\na: " + std::string(33000, 'b'), 431},
        {"unknown expectation", post("Expect: a\r\n"), 417},
        {"two expectations", post("Expect: 100-continue, a\r\n"), 417},
        {"expectation in another case", post("Expect: 100-Continue\r\n"), 0},
    };
}

std::vector<Vector> framing() {
    const std::string te = "Transfer-Encoding: ";
    const std::string cl = "Content-Length: ";
    return {
        {"length", post(cl + "5\r\n"), 0},
        {"length zero", post(cl + "0\r\n"), 0},
        {"length with leading zeros", post(cl + "005\r\n"), 0},
        {"largest length", post(cl + "9223372036854775807\r\n"), 0},
        {"length over 2^63-1", post(cl + "9223372036854775808\r\n"), 413},
        {"length over 2^64", post(cl + "18446744073709551617\r\n"), 413},
        {"length of 100 digits", post(cl + std::string(100, '9') + "\r\n"), 413},
        {"same length twice", post(cl + "5\r\n" + cl + "5\r\n"), 400},
        {"two lengths", post(cl + "5\r\n" + cl + "6\r\n"), 400},
        {"length list", post(cl + "5, 5\r\n"), 400},
        {"length with a plus", post(cl + "+5\r\n"), 400},
        {"negative length", post(cl + "-5\r\n"), 400},
        {"hexadecimal length", post(cl + "0x5\r\n"), 400},
        {"fractional length", post(cl + "5.0\r\n"), 400},
        {"empty length", post(cl + "\r\n"), 400},
        {"length with a space inside", post(cl + "5 5\r\n"), 400},
        {"length with a letter", post(cl + "5a\r\n"), 400},
        {"length with other digits", post(cl + "\xd9\xa5\r\n"), 400},
        {"length in quotes", post(cl + "\"5\"\r\n"), 400},
        {"length with a vertical tab",
         post(cl + "\x0b"
                   "5\r\n"),
         400},
        {"chunked", post(te + "chunked\r\n"), 0},
        {"chunked in another case", post(te + "Chunked\r\n"), 0},
        {"chunked twice", post(te + "chunked\r\n" + te + "chunked\r\n"), 400},
        {"chunked listed twice", post(te + "chunked, chunked\r\n"), 501},
        {"gzip, chunked", post(te + "gzip, chunked\r\n"), 501},
        {"chunked, identity", post(te + "chunked, identity\r\n"), 501},
        {"identity", post(te + "identity\r\n"), 501},
        {"xchunked", post(te + "xchunked\r\n"), 501},
        {"chunked in quotes", post(te + "\"chunked\"\r\n"), 501},
        {"chunked with a parameter", post(te + "chunked;a=b\r\n"), 501},
        {"chunked with a comma", post(te + "chunked,\r\n"), 501},
        {"chunked after a comma", post(te + ",chunked\r\n"), 501},
        {"empty coding", post(te + "\r\n"), 501},
        {"chunked with a vertical tab",
         post(te + "\x0b"
                   "chunked\r\n"),
         400},
        {"chunked with a nul", post(te + "chunked\0\r\n"s), 400},
        {"folded coding", post("Transfer-Encoding:\r\n chunked\r\n"), 501},
        {"coding with a space before the colon", post("Transfer-Encoding : chunked\r\n"), 400},
        {"length and chunked", post(cl + "5\r\n" + te + "chunked\r\n"), 400},
        {"chunked and length", post(te + "chunked\r\n" + cl + "5\r\n"), 400},
        {"chunked and length zero", post(te + "chunked\r\n" + cl + "0\r\n"), 400},
        {"chunked on 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"identity on 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
         400},
        {"length on a get", get_with(cl + "5\r\n"), 0},
    };
}

void expect_all(const std::vector<Vector>& vectors) {
    for (const Vector& vector : vectors) {
        EXPECT_EQ(verdict(vector.bytes), vector.status) << vector.name;
        // A slow sender may be refused for the same reason earlier, never accepted instead.
        if (vector.bytes.size() < 4096) {
            EXPECT_EQ(slow_verdict(vector.bytes), vector.status) << vector.name << ", slowly";
        }
    }
}

TEST(HeadParser, judges_request_lines) {
    expect_all(request_lines());
}
TEST(HeadParser, judges_targets) {
    expect_all(targets());
}
TEST(HeadParser, judges_hosts) {
    expect_all(hosts());
}
TEST(HeadParser, judges_fields) {
    expect_all(fields());
}
TEST(HeadParser, judges_framing) {
    expect_all(framing());
}

TEST(HeadParser, is_tried_with_at_least_120_hostile_heads) {
    std::size_t hostile = 0;
    for (const auto& table : {request_lines(), targets(), hosts(), fields(), framing()}) {
        for (const Vector& vector : table)
            hostile += vector.status != 0 ? 1U : 0U;
    }
    EXPECT_GE(hostile, 120U);
}

class Parsed : public testing::Test {
protected:
    const HeadView& parse(std::string bytes) {
        bytes_ = std::move(bytes);
        EXPECT_EQ(parse_head(std::span(bytes_), head_).status, 0U);
        return head_;
    }
    std::string bytes_;
    HeadView head_;
};

TEST_F(Parsed, shows_the_parts_of_the_target) {
    const HeadView& head = parse(line("GET http://A/b/c?d?e HTTP/1.1"));
    EXPECT_EQ(head.verb, "GET");
    EXPECT_EQ(head.path, "/b/c");
    EXPECT_EQ(head.query, "d?e");
    EXPECT_EQ(head.authority, "a");
}

TEST_F(Parsed, lowers_names_and_trims_values) {
    const HeadView& head = parse(get_with("X-ABC: \t Value \t\r\n"));
    EXPECT_EQ(head.get("x-abc"), "Value");
    EXPECT_EQ(head.field_count, 2U);
}

TEST_F(Parsed, leaves_out_names_with_an_underscore) {
    const HeadView& head = parse(get_with("X_Abc: v\r\nContent_Length: 5\r\n"));
    EXPECT_EQ(head.field_count, 1U);
    EXPECT_EQ(head.framing, Framing::none);
}

TEST_F(Parsed, knows_whether_the_connection_lives_on) {
    EXPECT_TRUE(parse(get_with("")).keep_alive);
    EXPECT_FALSE(parse(get_with("Connection: foo, Close\r\n")).keep_alive);
    EXPECT_FALSE(parse(line("GET / HTTP/1.0")).keep_alive);
}

TEST_F(Parsed, sees_an_upgrade_only_when_the_connection_field_asks) {
    EXPECT_EQ(parse(get_with("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")).upgrade,
              "websocket");
    EXPECT_EQ(parse(get_with("Upgrade: websocket\r\n")).upgrade, "");
    EXPECT_EQ(
        parse(post("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n")).upgrade,
        "");
    EXPECT_EQ(
        parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            .upgrade,
        "");
}

TEST_F(Parsed, forgets_the_request_before) {
    parse(post("Content-Length: 5\r\nConnection: close\r\nExpect: 100-continue\r\n"));
    const HeadView& head = parse(get_with(""));
    EXPECT_EQ(head.framing, Framing::none);
    EXPECT_EQ(head.content_bytes, 0U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.expects_continue);
    EXPECT_EQ(head.field_count, 1U);
}

TEST(HeadEnd, stops_at_the_first_of_pipelined_requests) {
    const std::string one = get_with("");
    std::size_t scanned = 0;
    EXPECT_EQ(find_head_end(one + one, scanned).bytes, one.size());
}

TEST(HeadEnd, asks_for_more_until_the_blank_line) {
    const std::string whole = get_with("a: b\r\n");
    std::size_t scanned = 0;
    EXPECT_EQ(find_head_end(whole.substr(0, whole.size() - 1), scanned).bytes, 0U);
    EXPECT_EQ(find_head_end(whole, scanned).bytes, whole.size());
}

}  // namespace
}  // namespace berth::http

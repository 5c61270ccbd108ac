#include "http/message.hpp"

#include <gtest/gtest.h>

#include "http/utf8.hpp"
#include "http/websocket.hpp"

namespace berth::http {
namespace {

TEST(Message, finds_and_replaces_headers) {
    Headers headers;
    headers.add("a", "1");
    headers.add("a", "2");
    EXPECT_EQ(headers.get("a"), "1");
    headers.set("a", "3");
    EXPECT_EQ(std::distance(headers.begin(), headers.end()), 1);
    EXPECT_EQ(headers.find("b"), nullptr);
}

TEST(Message, decodes_parameters) {
    Request request;
    request.query = "a=1&b=x%20y+z&c&d=%zz&a=2";
    EXPECT_EQ(request.parameter("a"), "1");
    EXPECT_EQ(request.parameter("b"), "x y z");
    EXPECT_EQ(request.parameter("c"), "");
    EXPECT_EQ(request.parameter("d"), std::nullopt);
    EXPECT_EQ(request.parameter("e"), std::nullopt);
}

TEST(Message, reads_cookies) {
    Request request;
    request.headers.add("cookie", "a=1; b=2=3;c=");
    EXPECT_EQ(request.cookie("a"), "1");
    EXPECT_EQ(request.cookie("b"), "2=3");
    EXPECT_EQ(request.cookie("c"), "");
    EXPECT_EQ(request.cookie("d"), std::nullopt);
}

TEST(Message, encodes_and_decodes) {
    EXPECT_EQ(percent_encode("a b/\xc3\xa9"), "a%20b%2F%C3%A9");
    EXPECT_EQ(percent_decode("a%20b%2F"), "a b/");
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
}

TEST(Message, says_problems_in_json) {
    const Response problem = problem_response(404, "not_found", "no project named \"x\"");
    EXPECT_EQ(problem.headers.get("content-type"), "application/problem+json");
    EXPECT_EQ(std::get<std::string>(problem.body),
              R"({"type":"about:blank","title":"Not Found","status":404,)"
              R"("detail":"no project named \"x\"","code":"not_found"})");
}

TEST(Message, accepts_websocket_keys_as_in_the_rfc) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(websocket_accept("short"), "");
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25j\r\nQ=="), "");
}

TEST(Utf8, is_judged_strictly) {
    EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2"));
    for (const char* bad :
         {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xc3", "\x80"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

}  // namespace
}  // namespace berth::http

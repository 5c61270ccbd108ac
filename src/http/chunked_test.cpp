#include "http/chunked.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace berth::http {
namespace {

using namespace std::string_literals;

/// The decoded body, or nothing when refused; `rest` is what follows it.
std::optional<std::string> decode(const std::string& bytes, std::size_t piece,
                                  std::string* rest = nullptr) {
    ChunkedDecoder decoder;
    std::string body;
    std::size_t at = 0;
    while (at < bytes.size() && !decoder.done() && !decoder.broken()) {
        const auto step = decoder.step(std::string_view(bytes).substr(at, piece));
        body += step.data;
        at += step.consumed;
    }
    if (rest != nullptr) *rest = bytes.substr(at);
    if (!decoder.done()) return std::nullopt;
    return body;
}

TEST(Chunked, decodes_in_pieces_of_any_size) {
    const std::string bytes = "5\r\nhello\r\n00A\r\n, harbour!\r\n0\r\nX-Sum: 1\r\n\r\nGET /";
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
        std::string rest;
        EXPECT_EQ(decode(bytes, piece, &rest), "hello, harbour!") << piece;
        EXPECT_EQ(rest, "GET /");
    }
}

TEST(Chunked, refuses_what_is_not_exact) {
    for (const std::string& bytes : {
             "5\nhello\r\n0\r\n\r\n"s,             // bare feed after the size
             "5\r\nhello\n0\r\n\r\n"s,             // bare feed after the data
             "5\r\nhello0\r\n\r\n"s,               // no line end after the data
             "5\r\nhelloXX0\r\n\r\n"s,             // other bytes in its place
             "5;\r\nhello\r\n0\r\n\r\n"s,          // extension without a name
             "5;a \r\nhello\r\n0\r\n\r\n"s,        // blank behind it
             "5;a=\r\nhello\r\n0\r\n\r\n"s,        // without a value
             "5;a=\"b\r\nhello\r\n0\r\n\r\n"s,     // open quote
             "5;a=\"\\\"\r\nhello\r\n0\r\n\r\n"s,  // and one that is escaped
             "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"s,  // more behind the quotes
             "5;a\nhello\r\n0\r\n\r\n"s,           // bare feed behind it
             "5;a\rhello\r\n0\r\n\r\n"s,           // bare return behind it
             "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"s,  // bare feed in quotes
             "5 a\r\nhello\r\n0\r\n\r\n"s,         // no semicolon
             "5 \r\nhello\r\n0\r\n\r\n"s,          // blank after the size
             " 5\r\nhello\r\n0\r\n\r\n"s,          // blank before it
             "0x5\r\nhello\r\n0\r\n\r\n"s,         // prefix
             "+5\r\nhello\r\n0\r\n\r\n"s,          // sign
             "-5\r\nhello\r\n0\r\n\r\n"s,          //
             "\r\nhello\r\n0\r\n\r\n"s,            // no size
             "g\r\n"s,                             // no digit
             "5\r\rhello\r\n0\r\n\r\n"s,           // return instead of feed
             "1000000000000000\r\n"s,              // 16 digits
             "ffffffffffffffffffff\r\n"s,          // overflow
             "5\0\r\nhello\r\n0\r\n\r\n"s,         // nul
             "0\r\nContent-Length: 5\r\n\r\n"s,    // framing name in a trailer
             "0\r\ntransfer-encoding: chunked\r\n\r\n"s,
             "0\r\nHost: b\r\n\r\n"s,
             "0\r\na b: c\r\n\r\n"s,
             "0\r\na\r\n\r\n"s,
             "0\r\na: b\n\r\n"s,
             "0\r\n a: b\r\n\r\n"s,
             "0\n\n"s,
             "0\r\n\n"s,
             "0\r\na: b\0c\r\n\r\n"s,
         }) {
        EXPECT_EQ(decode(bytes, 1), std::nullopt) << bytes;
        EXPECT_EQ(decode(bytes, 1000), std::nullopt) << bytes;
    }
}

TEST(Chunked, drops_extensions) {
    for (const char* extensions : {";a", ";a=b", ";a=\"b\"", ";a;b=c;d", " ; a = b",
                                   "\t;\ta\t=\t\"\"", ";a=\"0\t; \\\" \xc3\xa9 \\\\\""}) {
        const std::string bytes =
            "5" + std::string(extensions) + "\r\nhello\r\n0" + extensions + "\r\n\r\n";
        EXPECT_EQ(decode(bytes, 1), "hello") << extensions;
        EXPECT_EQ(decode(bytes, 1000), "hello") << extensions;
    }
}

TEST(Chunked, bounds_extensions) {
    EXPECT_EQ(decode("0;" + std::string(254, 'a') + "\r\n\r\n", 512), "");
    EXPECT_EQ(decode("0;" + std::string(256, 'a') + "\r\n\r\n", 512), std::nullopt);
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "1;" + std::string(200, 'a') + "\r\nx\r\n";
    EXPECT_EQ(decode(many + "0\r\n\r\n", 512), std::nullopt);
}

TEST(Chunked, bounds_trailers) {
    EXPECT_EQ(decode("0\r\na: " + std::string(9000, 'b') + "\r\n\r\n", 512), std::nullopt);
}

}  // namespace
}  // namespace berth::http

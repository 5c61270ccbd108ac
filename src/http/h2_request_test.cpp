#include "http/h2_request.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace berth::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

H2Request request_of(const Fields& fields) {
    H2Request request;
    for (const auto& [name, value] : fields)
        request.add(name, value);
    return request;
}

const Fields plain{
    {":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", "/x?y"}};

Fields with(const std::string& name, const std::string& value) {
    Fields fields = plain;
    for (auto& field : fields) {
        if (field.first == name) {
            field.second = value;
            return fields;
        }
    }
    fields.emplace_back(name, value);
    return fields;
}

TEST(H2Request, is_written_as_a_head_that_the_strict_parser_takes) {
    Fields fields = plain;
    fields.insert(fields.end(), {{"accept", "*/*"},
                                 {"cookie", "a=1"},
                                 {"cookie", "b=2"},
                                 {"te", "trailers"},
                                 {"connection", "x"},
                                 {"expect", "100-continue"},
                                 {"upgrade", "h2c"},
                                 {"transfer-encoding", "chunked"}});
    std::string head;
    ASSERT_FALSE(request_of(fields).head(true, head));
    EXPECT_EQ(head,
              "GET /x?y HTTP/1.1\r\nhost: a.test\r\naccept: */*\r\nte: trailers\r\n"
              "cookie: a=1; b=2\r\n\r\n");
    HeadView view;
    EXPECT_FALSE(parse_head(head, view));
    ASSERT_FALSE(request_of(plain).head(false, head));
    EXPECT_NE(head.find("transfer-encoding: chunked\r\n\r\n"), head.npos);
    ASSERT_FALSE(request_of(with("content-length", "3")).head(false, head));
    EXPECT_EQ(head.find("chunked"), head.npos);
    // Without :authority the Host field counts.
    Fields host{{":method", "OPTIONS"}, {":scheme", "https"}, {":path", "*"}, {"host", "a.test"}};
    ASSERT_FALSE(request_of(host).head(true, head));
    EXPECT_TRUE(head.starts_with("OPTIONS * HTTP/1.1\r\nhost: a.test\r\n"));
    EXPECT_FALSE(request_of(with("host", "A.test")).head(true, head));
}

TEST(H2Request, refuses_what_would_mean_something_else_as_text) {
    struct Case {
        Fields fields;
        unsigned status;
    };
    const Case cases[] = {
        {with(":path", "/x HTTP/1.1\r\nhost: evil"), 400},
        {with(":path", "/a b"), 400},
        {with(":path", "/\x80"), 400},
        {with(":path", "x"), 400},
        {with(":path", ""), 400},
        {with(":path", "*"), 400},
        {with(":path", "https://evil.test/"), 400},
        {with(":method", "GET /"), 400},
        {with(":method", ""), 400},
        {with(":method", "CONNECT"), 501},
        {with(":scheme", "ftp"), 400},
        {with(":authority", "a.test b"), 400},
        {with(":authority", ""), 400},
        {with(":authority", "a.test\r\nx: y"), 400},
        {with("host", "b.test"), 400},
        {with("x", std::string(40'000, 'x')), 431},
        {{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}, 400},
        {{{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "a"}, {"host", "a"}},
         400},
    };
    for (const Case& bad : cases) {
        std::string head;
        EXPECT_EQ(request_of(bad.fields).head(true, head).status, bad.status)
            << bad.fields.back().first << " " << bad.fields.back().second.substr(0, 40);
    }
}

}  // namespace
}  // namespace berth::http

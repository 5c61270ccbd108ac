#include "edge/negotiation.hpp"

#include <gtest/gtest.h>

namespace berth::edge {
namespace {

TEST(AcceptEncoding, weighs_codings) {
    const auto weights = [](std::string_view field) {
        const Wanted wanted = parse_accept_encoding(field);
        return std::tuple(wanted.br, wanted.gzip, wanted.identity);
    };
    EXPECT_EQ(weights(""), std::tuple(0, 0, 1));
    EXPECT_EQ(weights("gzip, deflate, br"), std::tuple(1000, 1000, 1));
    EXPECT_EQ(weights("gzip;q=0.5, BR ; q=0.25"), std::tuple(250, 500, 1));
    EXPECT_EQ(weights("*"), std::tuple(1000, 1000, 1000));
    EXPECT_EQ(weights("br;q=0, *;q=0.1"), std::tuple(0, 100, 100));
    EXPECT_EQ(weights("identity;q=0, gzip"), std::tuple(0, 1000, 0));
    EXPECT_EQ(weights("br;q=x, gzip;q=2, x-gzip"), std::tuple(0, 1000, 1));
}

TEST(Accept, tells_navigations) {
    EXPECT_TRUE(accepts_html(""));
    EXPECT_TRUE(accepts_html("*/*"));
    EXPECT_TRUE(accepts_html("application/json, text/html;q=0.9"));
    EXPECT_FALSE(accepts_html("application/json"));
    EXPECT_FALSE(accepts_html("text/html;q=0, image/*"));
    EXPECT_FALSE(names_html("*/*"));
    EXPECT_TRUE(names_html("text/html,application/xhtml+xml,*/*;q=0.8"));
}

TEST(EtagList, compares_weakly) {
    const auto weakly = [](std::string_view list) {
        return lists_etag(list, "\"a\"", Comparison::weak);
    };
    EXPECT_TRUE(weakly("\"a\""));
    EXPECT_TRUE(weakly("\"b\", W/\"a\""));
    EXPECT_TRUE(weakly("*"));
    EXPECT_FALSE(weakly("\"ab\""));
    EXPECT_FALSE(weakly("a"));
    EXPECT_FALSE(weakly(""));
}

TEST(EtagList, compares_strongly) {
    const auto strongly = [](std::string_view list) {
        return lists_etag(list, "\"a\"", Comparison::strong);
    };
    EXPECT_TRUE(strongly("\"b\", \"a\""));
    EXPECT_TRUE(strongly("*"));
    EXPECT_FALSE(strongly("W/\"a\""));
    EXPECT_FALSE(strongly("\"b\", W/\"a\""));
}

TEST(ParseRange, takes_one_range) {
    const auto range = [](std::string_view field) {
        Range part;
        const RangeKind kind = parse_range(field, 10, part);
        return std::tuple(kind, part.offset, part.bytes);
    };
    EXPECT_EQ(range("bytes=0-3"), std::tuple(RangeKind::part, 0U, 4U));
    EXPECT_EQ(range("bytes=4-"), std::tuple(RangeKind::part, 4U, 6U));
    EXPECT_EQ(range("bytes=-3"), std::tuple(RangeKind::part, 7U, 3U));
    EXPECT_EQ(range("bytes=-99"), std::tuple(RangeKind::part, 0U, 10U));
    EXPECT_EQ(range("bytes=9-99999999999999999999999"), std::tuple(RangeKind::part, 9U, 1U));
    EXPECT_EQ(range("Bytes=0-0"), std::tuple(RangeKind::part, 0U, 1U));
    EXPECT_EQ(range("bytes=10-"), std::tuple(RangeKind::unsatisfiable, 0U, 0U));
    EXPECT_EQ(range("bytes=-0"), std::tuple(RangeKind::unsatisfiable, 0U, 0U));
    for (const char* whole : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=3-1", "bytes=1",
                              "lines=0-1", "bytes=0-1,3-4", "bytes=+1-2", "bytes=1-2x"}) {
        EXPECT_EQ(std::get<0>(range(whole)), RangeKind::whole) << whole;
    }
}

}  // namespace
}  // namespace berth::edge

#include "edge/negotiation.hpp"

#include <gtest/gtest.h>

namespace berth::edge {
namespace {

TEST(AcceptEncoding, weighs_codings) {
    const auto weights = [](std::string_view field) {
        const Wanted wanted = parse_accept_encoding(field);
        return std::tuple(wanted.br, wanted.zstd, wanted.gzip, wanted.identity);
    };
    EXPECT_EQ(weights(""), std::tuple(0, 0, 0, 1));
    EXPECT_EQ(weights("gzip, deflate, br"), std::tuple(1000, 0, 1000, 1));
    EXPECT_EQ(weights("gzip, deflate, br, zstd"), std::tuple(1000, 1000, 1000, 1));
    EXPECT_EQ(weights("gzip;q=0.5, BR ; q=0.25, ZStd;q=0.125"), std::tuple(250, 125, 500, 1));
    EXPECT_EQ(weights("*"), std::tuple(1000, 1000, 1000, 1000));
    EXPECT_EQ(weights("br;q=0, *;q=0.1"), std::tuple(0, 100, 100, 100));
    EXPECT_EQ(weights("identity;q=0, gzip"), std::tuple(0, 0, 1000, 0));
    EXPECT_EQ(weights("br;q=x, gzip;q=2, x-gzip"), std::tuple(0, 0, 1000, 1));
}

TEST(Coding, has_a_word_and_a_suffix) {
    EXPECT_EQ(word_of(Coding::zstd), "zstd");
    EXPECT_EQ(suffix_of(Coding::zstd), ".zst");
    EXPECT_EQ(word_of(Coding::gzip), "gzip");
    EXPECT_EQ(suffix_of(Coding::gzip), ".gz");
    EXPECT_EQ(word_of(Coding::identity), "");
    EXPECT_EQ(suffix_of(Coding::identity), "");
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

}  // namespace
}  // namespace berth::edge

#include "http/normalise.hpp"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

TEST(NormalisePath, has_one_form_for_each_path) {
    const std::pair<const char*, const char*> cases[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"//", "/"},
        {"/a//b///c", "/a/b/c"},
        {"/./a", "/a"},
        {"/a/.", "/a/"},
        {"/a/./b", "/a/b"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/a/../b", "/b"},
        {"/../../b", "/b"},
        {"/..", "/"},
        {"/a/%2e%2e/b", "/b"},
        {"/a/.%2E/b", "/b"},
        {"/...", "/..."},
        {"/..a/b", "/..a/b"},
        {"/%41", "/A"},
        {"/%2541", "/%41"},
        {"/a%20b", "/a b"},
        {"/%C3%A9", "/\xc3\xa9"},
        {"/a;b=c", "/a;b=c"},
        {"/.well-known/x", "/.well-known/x"},
        {"/a/..//..//b", "/b"},
    };
    for (const auto& [raw, normal] : cases)
        EXPECT_EQ(normalise_path(raw), normal) << raw;
}

TEST(NormalisePath, refuses_what_hides) {
    for (const char* raw : {"", "a", "/%", "/%4", "/%zz", "/%00", "/a%2fb", "/a%2Fb", "/a%5cb",
                            "/a%5Cb", "/%0a", "/%0D", "/%7f", "/%1b", "/a\\b", "/a\nb"}) {
        EXPECT_EQ(normalise_path(raw), std::nullopt) << raw;
    }
}

TEST(NormalisePath, changes_nothing_the_second_time) {
    for (const char* raw : {"/a/../%2541/b%20c//", "/%25/%3f%23", "/\xc3\xa9?x", "/+&=%2B"}) {
        const std::string once = normalise_path(raw).value();
        EXPECT_EQ(normalise_path(encode_path(once)), once) << raw;
    }
}

TEST(NormaliseHost, is_lower_case_without_port_and_dot) {
    EXPECT_EQ(normalise_host("Shop.Example.COM:8080"), "shop.example.com");
    EXPECT_EQ(normalise_host("a."), "a");
    EXPECT_EQ(normalise_host("[2001:DB8::1]:80"), "[2001:db8::1]");
    EXPECT_EQ(normalise_host("."), std::nullopt);
    EXPECT_EQ(normalise_host("a/b"), std::nullopt);
    EXPECT_EQ(normalise_host(""), std::nullopt);
}

TEST(NormaliseHost, refuses_empty_labels) {
    for (const char* host : {"..", "a..", "a..:80", ".a", "a..b", ".:80"}) {
        EXPECT_EQ(normalise_host(host), std::nullopt) << host;
    }
}

TEST(NormaliseHost, changes_nothing_the_second_time) {
    for (const char* host : {"A.b.:1", "[::FFFF:1.2.3.4]", "1.2.3.4.", "xn--a_~b"}) {
        const std::string once = normalise_host(host).value();
        EXPECT_EQ(normalise_host(once), once) << host;
    }
}

TEST(NormaliseHost, tells_addresses_from_names) {
    EXPECT_TRUE(is_address_literal("127.0.0.1"));
    EXPECT_TRUE(is_address_literal("[::1]"));
    EXPECT_TRUE(is_address_literal("2130706433"));
    EXPECT_FALSE(is_address_literal("a.1b"));
    EXPECT_FALSE(is_address_literal("localhost"));
}

}  // namespace
}  // namespace berth::http

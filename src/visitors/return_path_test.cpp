#include "visitors/return_path.hpp"

#include <gtest/gtest.h>

namespace berth::visitors {
namespace {

TEST(ReturnPath, stays_on_the_host_whatever_was_wanted) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"/", "/"},
        {"/a/b.html?x=1&y=%20", "/a/b.html?x=1&y=%20"},
        {"/a/../b c?x", "/b%20c?x"},
        {"/%C3%A9", "/%C3%A9"},
        {"/a#b?c", "/a"},
        {"", "/"},
        {"a", "/"},
        {"https://evil.example/", "/"},
        {"//evil.example/x", "/evil.example/x"},
        {"///evil.example", "/evil.example"},
        {"/.//evil.example", "/evil.example"},
        {"/\\evil.example", "/"},
        {"/%5Cevil.example", "/"},
        {"/%2F/evil.example", "/"},
        {"/a\r\nset-cookie: b=c", "/"},
        {"/a%0d%0ab", "/"},
        {"/a?b\r\nset-cookie: c=d", "/a"},
        {"/a?\"<b>", "/a"},
        {"javascript:alert(1)", "/"},
        {"/.berth/access?sign_in=1", "/"},
        {"/%2eberth/access", "/"},
        {"/x/../.berth", "/"},
        {"/.berthing", "/.berthing"},
        {"/" + std::string(2'000, 'a'), "/"},
    };
    for (const auto& [wanted, expected] : cases) {
        const std::string found = return_path(wanted);
        EXPECT_EQ(found, expected) << wanted;
        EXPECT_EQ(return_path(found), found) << "again";
    }
}

}  // namespace
}  // namespace berth::visitors

#include "identity/provider.hpp"

#include <gtest/gtest.h>

namespace berth::identity {
namespace {

TEST(ProviderTest, knows_addresses_of_the_web) {
    for (const char* good :
         {"https://login.example", "https://login.example:8443/realms/a", "http://localhost:3000",
          "http://127.0.0.1:3000/x", "http://[::1]:3000", "https://a.example/authorize?tenant=1"}) {
        EXPECT_TRUE(is_web_address(good)) << good;
    }
    for (const char* bad :
         {"", "login.example", "http://login.example", "javascript:alert(1)", "data:text/html,x",
          "file:///etc/passwd", "https://", "https://a@login.example", "https://login.example#x",
          "https://login.example/a b", "https://login.example/\n", "//login.example",
          "unix:/run/x:/y", "http://localhost.evil.example", "https://login.example:0"}) {
        EXPECT_FALSE(is_web_address(bad)) << bad;
    }
    EXPECT_FALSE(is_web_address("https://login.example/" + std::string(600, 'a')));
}

TEST(ProviderTest, keeps_an_issuer_as_it_is_written) {
    EXPECT_EQ(check_issuer(ProviderKind::oidc, "https://a.example/").value(), "https://a.example/");
    EXPECT_EQ(check_issuer(ProviderKind::github, "https://git.example/").value(),
              "https://git.example");
    EXPECT_EQ(check_issuer(ProviderKind::github, "").value(), "https://github.com");
    EXPECT_EQ(check_issuer(ProviderKind::gitlab, "").value(), "https://gitlab.com");
    for (const char* bad : {"", "http://a.example", "https://a.example?x=1", "a"}) {
        EXPECT_EQ(check_issuer(ProviderKind::oidc, bad).error().code, "invalid_issuer") << bad;
    }
}

TEST(ProviderTest, shows_others_words_as_printable_text) {
    EXPECT_EQ(printable("a\n<b>\xc3\xa9", 100), "a?<b>??");
    EXPECT_EQ(printable("abcdef", 3), "abc");
}

}  // namespace
}  // namespace berth::identity

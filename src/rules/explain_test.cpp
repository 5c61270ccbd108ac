#include "rules/explain.hpp"

#include <gtest/gtest.h>

#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::Site;

Result<Explained> ask(const Site& site, Question question) {
    return explain(site.rules, site.files, question, "shop.example");
}

TEST(Explain, says_which_line_decided_and_what_was_tried) {
    const Site site{{{"_redirects", "/a /de 302 Country=de\n/a /b\n"}, {"netlify.toml", ""}},
                    {"index.html"}};
    const Explanation told = ask(site, {.url = "/a?x=1"})->explanation;
    EXPECT_EQ(told.url, "https://shop.example/a?x=1");
    EXPECT_EQ(told.dialect, Dialect::netlify);
    EXPECT_EQ(told.why, "there is a netlify.toml");
    ASSERT_EQ(told.steps.size(), 2u);
    EXPECT_EQ(told.steps[0].rule->line, 1u);
    EXPECT_FALSE(told.steps[0].decided);
    EXPECT_EQ(told.steps[1].rule->file, "_redirects");
    EXPECT_EQ(told.steps[1].rule->text, "/a /b");
    EXPECT_TRUE(told.steps[1].decided);
    EXPECT_EQ(told.status, 301u);
    EXPECT_EQ(told.location, "/b?x=1");
    const Explanation german = ask(site, {.url = "/a", .country = "DE"})->explanation;
    EXPECT_EQ(german.location, "/de");
}

TEST(Explain, takes_headers_and_methods) {
    const Site site{{{"_redirects", "/a https://h.example/x 200\n/b /c 302 Cookie=in"}},
                    {"index.html"}};
    const Explanation fetched = ask(site, {.url = "http://shop.example/a"})->explanation;
    EXPECT_TRUE(fetched.fetched);
    EXPECT_EQ(fetched.location, "https://h.example/x");
    EXPECT_EQ(ask(site, {.url = "/b", .headers = {{"Cookie", "in=1"}}})->explanation.status, 302u);
    EXPECT_EQ(ask(site, {.url = "/b"})->explanation.status, 404u);
    EXPECT_EQ(ask(site, {.url = "/", .method = "POST"})->explanation.status, 405u);
}

TEST(Explain, refuses_what_the_edge_refuses) {
    const Site site{{}, {"index.html"}};
    for (const char* url : {"ftp://h/", "/%zz", "/a%2fb", "https:///x", "a", "/\x01"}) {
        const Result<Explained> wrong = ask(site, {.url = url});
        ASSERT_FALSE(wrong) << url;
        EXPECT_EQ(wrong.error().pointer, "/url") << url;
    }
    EXPECT_EQ(ask(site, {.url = std::string(9'000, '/')}).error().code, "invalid_url");
    EXPECT_EQ(ask(site, {.url = "/", .method = "G T"}).error().code, "invalid_method");
    EXPECT_EQ(ask(site, {.url = "/", .headers = {{"a b", ""}}}).error().code, "invalid_header");
    EXPECT_EQ(ask(site, {.url = "/", .headers = {{"a", "\n"}}}).error().code, "invalid_header");
}

}  // namespace
}  // namespace berth::rules

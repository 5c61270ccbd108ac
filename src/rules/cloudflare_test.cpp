/// `_redirects`, `_headers`, `wrangler.*` and `_routes.json` in the words of Cloudflare: rules.md
/// §5.1 C, §5.2 C.

#include <gtest/gtest.h>

#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::Site;

Site site(std::string redirects, std::vector<std::string> files = {"index.html", "404.html"}) {
    return {{{"_redirects", std::move(redirects)}, {"wrangler.toml", ""}}, std::move(files)};
}

struct Case {
    const char* redirects;
    const char* url;
    const char* answer;
};

class CloudflareRedirects : public ::testing::TestWithParam<Case> {};

TEST_P(CloudflareRedirects, answers) {
    const Case& c = GetParam();
    EXPECT_EQ(
        site(c.redirects, {"index.html", "404.html", "there.html", "b/index.html"}).get(c.url),
        c.answer)
        << c.redirects << " asked for " << c.url;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, CloudflareRedirects,
    ::testing::Values(
        Case{"/a /b", "/a", "302 /b"}, Case{"/a /b", "/a/", "404 404.html"},
        Case{"a /b 301", "/a", "301 /b"}, Case{"/there /b 301", "/there", "301 /b"},
        Case{"/d/* /n/:splat", "/d/x/y/", "302 /n/x/y/"}, Case{"/d/* /n/:splat", "/d/", "302 /n/"},
        Case{"/d/* /n/:splat", "/d", "404 404.html"},
        Case{"/x*y /n/:splat", "/xa/by", "302 /n/a/b"},
        Case{"/p/:a-:b /q/:b/:a", "/p/1-2", "302 /q/2/1"},
        Case{"/p/:a /q/:a", "/p/1/2", "404 404.html"},
        Case{"/u/:id/e/* /n/:id/:splat", "/u/7/e/a/b", "302 /n/7/a/b"},
        Case{"/a https://h.example:8443/x 301", "/a", "301 https://h.example:8443/x"},
        Case{"/a /b?x=1#f", "/a?y=2", "302 /b?x=1#f"}, Case{"/a /b#f", "/a?y=2", "302 /b?y=2#f"},
        Case{"/a?ignored=1 /b", "/a", "302 /b"}, Case{"/a /there.html 200", "/a", "200 there.html"},
        Case{"/a /b 200\n/b /c 200", "/a", "308 /b/"},
        Case{"/a/* /one\n/a/b /two", "/a/b", "302 /one"},
        Case{"/a/b /two\n/a/* /one", "/a/b", "302 /two"}));

TEST(CloudflareRedirects, say_what_is_wrong_and_keep_the_others) {
    const Site wrong = site(
        "/good /b\n/one\n/a /b /c /d\n/x http://h.example\n/y https://h.example 200\n"
        "/z /b 404\nhttps://h.example/ /b\n/* /index.html 200\n/good /c\n/two/*/* /b\n/n/:a/:a "
        "/b\n");
    EXPECT_EQ(wrong.get("/good"), "302 /b");
    const std::string problems = wrong.problems();
    for (const char* line : {":2 error", ":3 error", ":4 error", ":5 error", ":6 error", ":7 error",
                             ":8 error", ":9 warning", ":10 error", ":11 error"})
        EXPECT_NE(problems.find(std::string("_redirects") + line), std::string::npos)
            << line << "\n"
            << problems;
}

TEST(CloudflareRedirects, are_bounded) {
    std::string many;
    for (int i = 0; i < 2'001; ++i)
        many += fmt::format("/s{} /t\n", i);
    EXPECT_EQ(site(many).get("/s1999"), "302 /t");
    EXPECT_EQ(site(many).get("/s2000"), "404 404.html");
    std::string dynamic;
    for (int i = 0; i < 101; ++i)
        dynamic += fmt::format("/d{}/* /t\n", i);
    const Site bounded = site(dynamic);
    EXPECT_EQ(bounded.get("/d99/x"), "302 /t");
    EXPECT_EQ(bounded.get("/d100/x"), "404 404.html");
    EXPECT_NE(bounded.problems().find("only 100 rules"), std::string::npos);
}

TEST(CloudflareHeaders, join_and_unset_and_substitute) {
    const Site named{
        {{"_headers",
          "/*\n  X-A: 1\n  Cache-Control: no-store\n/b/*\n  X-A: 2\n  ! Cache-Control\n"
          "  X-Rest: got :splat\nhttps://other.example/*\n  X-Other: 1\n"
          "https://:sub.shop.example/*\n  X-Sub: :sub\n"},
         {"_redirects", "/r /b\n"},
         {"wrangler.toml", ""}},
        {"index.html", "b/c.html"}};
    EXPECT_EQ(named.problems(), "");
    EXPECT_EQ(named.fields("/"), "x-a: 1\ncache-control: no-store\n");
    EXPECT_EQ(named.fields("/b/c"), "x-a: 1, 2\ncache-control: -\nx-rest: got c\n");
    EXPECT_EQ(named.fields("http://other.example/"),
              "x-a: 1\ncache-control: no-store\nx-other: 1\n");
    EXPECT_EQ(named.fields("http://eu.shop.example/"),
              "x-a: 1\ncache-control: no-store\nx-sub: eu\n");
    EXPECT_EQ(named.fields("/r"), "x-a: 1\ncache-control: no-store\n");
    EXPECT_EQ(named.fields("/b/%C3%BC%20c"),
              "x-a: 1, 2\ncache-control: -\nx-rest: got %C3%BC%20c\n");
}

TEST(CloudflareFiles, have_one_address_each) {
    const Site plain{{{"wrangler.toml", ""}},
                     {"index.html", "a.html", "b/index.html", "c", "c.html", "d/404.html"}};
    EXPECT_EQ(plain.get("/a"), "200 a.html");
    EXPECT_EQ(plain.get("/a.html?q=1"), "308 /a?q=1");
    EXPECT_EQ(plain.get("/a/"), "308 /a");
    EXPECT_EQ(plain.get("/b"), "308 /b/");
    EXPECT_EQ(plain.get("/b/"), "200 b/index.html");
    EXPECT_EQ(plain.get("/b/index.html"), "308 /b/");
    EXPECT_EQ(plain.get("/b/index"), "308 /b/");
    EXPECT_EQ(plain.get("/b/x/index/"), "308 /b/x/");
    EXPECT_EQ(plain.get("/index/"), "308 /");
    EXPECT_EQ(plain.get("/reindex/"), "404 none");
    EXPECT_EQ(plain.get("/index.html"), "308 /");
    EXPECT_EQ(plain.get("/c.html"), "200 c.html");
}

TEST(CloudflareFiles, that_are_missing_have_the_nearest_page) {
    const std::map<std::string, std::string> rules{{"wrangler.toml", ""},
                                                   {"_redirects", "/old/* /new/:splat 200\n"}};
    const Site pages{rules, {"index.html", "404.html", "b/404.html"}, true};
    EXPECT_EQ(pages.get("/b/c/d"), "404 b/404.html");
    EXPECT_EQ(pages.get("/b/index"), "308 /b/");
    EXPECT_EQ(pages.get("/c"), "404 404.html");
    EXPECT_EQ(pages.get("/old/x"), "404 404.html");
    const Site application{rules, {"index.html", "b/404.html"}, true};
    EXPECT_EQ(application.get("/b/c/d"), "404 b/404.html");
    EXPECT_EQ(application.get("/c"), "200 index.html");
    EXPECT_EQ(application.get("/old/x"), "200 index.html");
    EXPECT_EQ(application.get("/old/x.png"), "404 none");
}

TEST(CloudflareFiles, follow_the_newer_words_of_wrangler) {
    const auto with = [](const std::string& assets) {
        return Site{{{"wrangler.jsonc", "{ // comment\n \"assets\": {" + assets + "}, }"}},
                    {"index.html", "a.html", "b/index.html", "b/404.html"}};
    };
    const Site automatic = with(R"("directory": "dist")");
    EXPECT_EQ(automatic.get("/a.html"), "307 /a");
    EXPECT_EQ(automatic.get("/nothing"), "404 none");
    const Site spa = with(R"("not_found_handling": "single-page-application")");
    EXPECT_EQ(spa.get("/nothing"), "200 index.html");
    const Site page = with(R"("not_found_handling": "404-page")");
    EXPECT_EQ(page.get("/b/nothing/x"), "404 b/404.html");
    EXPECT_EQ(page.get("/nothing"), "404 none");
    const Site none = with(R"("html_handling": "none")");
    EXPECT_EQ(none.get("/a"), "404 none");
    EXPECT_EQ(none.get("/a.html"), "200 a.html");
    const Site drop = with(R"("html_handling": "drop-trailing-slash")");
    EXPECT_EQ(drop.get("/a/"), "307 /a");
    EXPECT_EQ(drop.get("/b"), "200 b/index.html");
    const Site force = with(R"("html_handling": "force-trailing-slash")");
    EXPECT_EQ(force.get("/a"), "307 /a/");
    EXPECT_EQ(force.get("/a/"), "200 a.html");
    const Site wrong = with(R"("html_handling": "sometimes", "not_found_handling": 3)");
    EXPECT_NE(wrong.problems().find("html_handling 'sometimes'"), std::string::npos);
    EXPECT_NE(wrong.problems().find("not_found_handling must be a text"), std::string::npos);
}

TEST(CloudflareRoutes, are_checked) {
    const auto problems = [](const char* text) {
        return Site{{{"_routes.json", text}}, {"index.html"}}.problems();
    };
    EXPECT_NE(problems("{}").find("version must be 1"), std::string::npos);
    EXPECT_NE(problems(R"({"version": 1, "include": []})").find("at least one"), std::string::npos);
    EXPECT_NE(problems("[").find("not JSON"), std::string::npos);
    EXPECT_EQ(problems(R"({"version": 1, "include": ["/*"], "exclude": []})").find("error"),
              std::string::npos);
}

}  // namespace
}  // namespace berth::rules

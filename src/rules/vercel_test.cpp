/// `vercel.json` as visitors meet it: rules.md §5.4.

#include <gtest/gtest.h>

#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::MemoryFields;
using testing::Site;

const std::vector<std::string> files{"index.html", "a.html",       "docs/index.html",
                                     "user.html",  "api/real.txt", "app.html"};

Site site(const std::string& json) {
    return {{{"vercel.json", json}}, files};
}

struct Case {
    const char* json;
    const char* url;
    const char* answer;
};

class VercelRules : public ::testing::TestWithParam<Case> {};

TEST_P(VercelRules, answers) {
    const Case& c = GetParam();
    const Site asked = site(c.json);
    EXPECT_EQ(asked.get(c.url), c.answer) << c.json << "\n" << asked.problems();
}

INSTANTIATE_TEST_SUITE_P(
    Redirects, VercelRules,
    ::testing::Values(
        Case{R"j({"redirects": [{"source": "/o", "destination": "/n"}]})j", "/o", "308 /n"},
        Case{R"j({"redirects": [{"source": "/o", "destination": "/n", "permanent": false}]})j",
             "/o?x=1", "307 /n?x=1"},
        Case{R"j({"redirects": [{"source": "/o", "destination": "/n"}]})j", "/o/", "404 none"},
        Case{R"j({"redirects": [{"source": "/a.html", "destination": "/n"}]})j", "/a.html",
             "308 /n"},
        Case{R"j({"redirects": [{"source": "/b/:path*", "destination": "/n/:path*"}]})j", "/b/x/y",
             "308 /n/x/y"},
        Case{R"j({"redirects": [{"source": "/b/:path*", "destination": "/n/:path*"}]})j", "/b",
             "308 /n/"},
        Case{R"j({"redirects": [{"source": "/p/:id(\\d+)", "destination": "/q/:id"}]})j", "/p/12",
             "308 /q/12"},
        Case{R"j({"redirects": [{"source": "/p/:id(\\d+)", "destination": "/q/:id"}]})j", "/p/x",
             "404 none"},
        Case{R"j({"redirects": [{"source": "/:a-:b", "destination": "/:b/:a"}]})j", "/x-y",
             "308 /y/x"},
        Case{
            R"j({"redirects": [{"source": "/:path*", "destination": "https://n.example/:path*"}]})j",
            "/x/y", "308 https://n.example/x/y"}));

INSTANTIATE_TEST_SUITE_P(
    Rewrites, VercelRules,
    ::testing::Values(
        Case{R"j({"rewrites": [{"source": "/(.*)", "destination": "/app.html"}]})j", "/deep/x",
             "200 app.html"},
        Case{R"j({"rewrites": [{"source": "/(.*)", "destination": "/app.html"}]})j", "/docs",
             "200 docs/index.html"},
        Case{R"j({"rewrites": [{"source": "/((?!api/).*)", "destination": "/app.html"}]})j",
             "/api/x", "404 none"},
        Case{R"j({"rewrites": [{"source": "/((?!api/).*)", "destination": "/app.html"}]})j", "/x",
             "200 app.html"},
        Case{R"j({"rewrites": [{"source": "/x", "destination": "/none"},
                              {"source": "/x", "destination": "/app.html"}]})j",
             "/x", "200 app.html"},
        Case{R"j({"rewrites": [{"source": "/api/:p*", "destination": "https://h.example/:p*"}]})j",
             "/api/u/1?q=2", "proxy https://h.example/u/1?q=2"},
        Case{R"j({"rewrites": [{"source": "/api/:p*", "destination": "https://h.example/:p*"}]})j",
             "/api/real.txt", "200 api/real.txt"}));

INSTANTIATE_TEST_SUITE_P(
    Files, VercelRules,
    ::testing::Values(Case{"{}", "/a.html", "200 a.html"}, Case{"{}", "/a", "404 none"},
                      Case{"{}", "/docs", "200 docs/index.html"},
                      Case{"{}", "/docs/", "200 docs/index.html"},
                      Case{R"j({"cleanUrls": true})j", "/a", "200 a.html"},
                      Case{R"j({"cleanUrls": true})j", "/a.html?q=1", "308 /a?q=1"},
                      Case{R"j({"cleanUrls": true})j", "/docs/index.html", "308 /docs"},
                      Case{R"j({"cleanUrls": true})j", "/index", "308 /"},
                      Case{R"j({"cleanUrls": true})j", "/docs/index/", "308 /docs"},
                      Case{R"j({"trailingSlash": true})j", "/docs", "308 /docs/"},
                      Case{R"j({"trailingSlash": true})j", "/docs/", "200 docs/index.html"},
                      Case{R"j({"trailingSlash": true})j", "/a.html", "200 a.html"},
                      Case{R"j({"trailingSlash": true})j", "/a.html/", "308 /a.html"},
                      Case{R"j({"trailingSlash": true})j", "/.well-known/x", "404 none"},
                      Case{R"j({"trailingSlash": false})j", "/docs/", "308 /docs"},
                      Case{R"j({"trailingSlash": false})j", "/", "200 index.html"},
                      Case{R"j({"cleanUrls": true, "trailingSlash": true})j", "/a.html", "308 /a/"},
                      Case{R"j({"cleanUrls": true, "trailingSlash": true})j", "/a/",
                           "200 a.html"}));

TEST(VercelRules, asks_for_headers_cookies_and_hosts) {
    const Site asked = site(R"j({"redirects": [
        {"source": "/", "destination": "/beta/:group",
         "has": [{"type": "cookie", "key": "group", "value": "(?<group>b.*)"}]
},
        {"source": "/", "destination": "/head",
         "has": [{"type": "header", "key": "X-Beta", "value": {"pre": "on"}}]},
        {"source": "/", "destination": "/host",
         "has": [{"type": "host", "value": "old.example"}]},
        {"source": "/", "destination": "/query",
         "missing": [{"type": "query", "key": "stay"}], "has": [{"type": "query", "key": "go"}]}
    ]})j");
    MemoryFields fields;
    fields.fields["cookie"] = "group=blue";
    EXPECT_EQ(asked.get("/", fields), "308 /beta/blue") << asked.problems();
    fields.fields["cookie"] = "group=red";
    fields.fields["x-beta"] = "on-now";
    EXPECT_EQ(asked.get("/", fields), "308 /head");
    EXPECT_EQ(asked.get("http://old.example/"), "308 /host");
    EXPECT_EQ(asked.get("/?go=1"), "308 /query?go=1");
    EXPECT_EQ(asked.get("/?go=1&stay=1"), "200 index.html");
    EXPECT_EQ(asked.get("/"), "200 index.html");
}

TEST(VercelRules, set_headers_of_all_but_redirects) {
    const Site named = site(R"j({"headers": [
        {"source": "/(.*)", "headers": [{"key": "X-A", "value": "1"},
                                        {"key": "Content-Length", "value": "9"}]},
        {"source": "/u/:id", "headers": [{"key": "X-A", "value": "of :id"}]}],
        "redirects": [{"source": "/o", "destination": "/n"}],
        "rewrites": [{"source": "/u/:id", "destination": "/user.html"}]})j");
    EXPECT_EQ(named.fields("/"), "x-a: 1\n");
    EXPECT_EQ(named.fields("/u/7"), "x-a: of 7\n");
    EXPECT_EQ(named.fields("/o"), "");
    EXPECT_EQ(named.fields("/nothing"), "x-a: 1\n");
}

}  // namespace
}  // namespace berth::rules

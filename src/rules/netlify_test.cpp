/// `_redirects`, `_headers` and `netlify.toml` in the words of Netlify: rules.md §5.1 N, §5.2 N,
/// §5.3, and the vectors of §5.5.

#include <gtest/gtest.h>

#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::MemoryFields;
using testing::Site;

Site site(std::string redirects, std::vector<std::string> files = {"index.html"}) {
    return {{{"_redirects", std::move(redirects)}, {"netlify.toml", ""}}, std::move(files)};
}

struct Case {
    const char* redirects;
    const char* url;
    const char* answer;
};

class NetlifyRedirects : public ::testing::TestWithParam<Case> {};

TEST_P(NetlifyRedirects, answers) {
    const Case& c = GetParam();
    EXPECT_EQ(site(c.redirects, {"index.html", "404.html", "b.html", "there.html"}).get(c.url),
              c.answer)
        << c.redirects << " asked for " << c.url;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, NetlifyRedirects,
    ::testing::Values(Case{"/a /b", "/a", "301 /b"}, Case{"/a /b", "/a/", "301 /b"},
                      Case{"/a /b", "/A", "404 404.html"}, Case{"/a /b", "/ab", "404 404.html"},
                      Case{"/a /b", "/a/b", "404 404.html"}, Case{"/a/ /b", "/a", "301 /b"},
                      Case{"/d/* /n/:splat", "/d", "301 /n/"},
                      Case{"/d/* /n/:splat", "/d/", "301 /n/"},
                      Case{"/d/* /n/:splat", "/d/x/y/", "301 /n/x/y/"},
                      Case{"/d/* /n/:splat", "/dx", "404 404.html"},
                      Case{"/a/* /b?p=:splat", "/a/x/y", "301 /b?p=x/y"},
                      Case{"/* /n/:splat", "/x", "301 /n/x"},
                      Case{"/p/:id/:idx /q/:idx/:id", "/p/A/B", "301 /q/B/A"},
                      Case{"/p/:id /q/:id", "/p/", "404 404.html"},
                      Case{"/p/:id/:id /q/:id", "/p/1/2", "301 /q/1"},
                      Case{"/p/:id/*/:id /q/:id", "/p/1/x/2", "301 /q/1"},
                      Case{"/d/*/e /n/:splat", "/d/x/y/e", "301 /n/x/y"},
                      Case{"/foo* /n/:splat", "/foobar", "301 /n/bar"},
                      Case{"/foo*bar /n", "/fooxbar", "404 404.html"},
                      Case{"/a%20b /n", "/a%20b", "301 /n"}, Case{"/a%20b /n", "/a b", "301 /n"},
                      Case{"/b/* /c/:splat", "/b/%3Fx%23y", "301 /c/%3Fx%23y"},
                      Case{"/a /b#frag", "/a", "301 /b#frag"}));

INSTANTIATE_TEST_SUITE_P(Loops, NetlifyRedirects,
                         ::testing::Values(Case{"/* /n/:splat 301!", "/x", "301 /n/x"},
                                           Case{"/* /n/:splat 301!", "/n/x", "404 404.html"},
                                           Case{"/* /n/:splat 301!", "/n", "404 404.html"},
                                           Case{"/* /n/:splat 301!", "/nx", "301 /n/nx"},
                                           Case{"/a/* /a/n/:splat", "/a/x", "301 /a/n/x"},
                                           Case{"/a/* /a/n/:splat", "/a/n/x", "404 404.html"},
                                           Case{"/a/* /a/:splat/n", "/a/x", "404 404.html"},
                                           Case{"/* /n/:splat 301!\n/n/* /m/:splat 302", "/n/x",
                                                "302 /m/x"},
                                           Case{"/* /there", "/there/x", "301 /there"},
                                           Case{"/* / 302", "/x", "302 /"}));

INSTANTIATE_TEST_SUITE_P(
    Statuses, NetlifyRedirects,
    ::testing::Values(
        Case{"/a /b 302", "/a", "302 /b"}, Case{"/a /b 307", "/a", "307 /b"},
        Case{"/a /b.html 200", "/a", "200 b.html"}, Case{"/a /b 200", "/a", "200 b.html"},
        Case{"/a /b.html 410", "/a", "410 b.html"}, Case{"/a /nothing 404", "/a", "404 404.html"},
        Case{"/a /nothing 200", "/a", "404 404.html"},
        Case{"/* /index.html 200", "/deep/link", "200 index.html"},
        Case{"/a https://h.example/x 200", "/a", "proxy https://h.example/x"},
        Case{"/a/* https://h.example/:splat 200", "/a/b/c?q=1", "proxy https://h.example/b/c?q=1"},
        Case{"/a https://h.example 302", "/a", "302 https://h.example/"}));

INSTANTIATE_TEST_SUITE_P(FilesAndOrder, NetlifyRedirects,
                         ::testing::Values(Case{"/there /b", "/there", "200 there.html"},
                                           Case{"/there /b 301!", "/there", "301 /b"},
                                           Case{"/a /b 302!\n/a /c 301", "/a", "302 /b"},
                                           Case{"/* /index.html 200\n/a /b", "/a",
                                                "200 index.html"},
                                           Case{"/keep/* 200!", "/keep/x", "404 404.html"},
                                           Case{"# a comment\n\n /a   /b  # more", "/a", "301 /b"},
                                           Case{"/a /a 301", "/a", "404 404.html"}));

INSTANTIATE_TEST_SUITE_P(
    Queries, NetlifyRedirects,
    ::testing::Values(Case{"/a /b", "/a?x=1&y", "301 /b?x=1&y"},
                      Case{"/a /b?z=1", "/a?x=1", "301 /b?z=1"},
                      Case{"/s id=:id tag=:t /b/:id/:t", "/s?tag=2&id=1", "301 /b/1/2?tag=2&id=1"},
                      Case{"/s/:id id=:id /b/:id", "/s/1?id=2", "301 /b/1?id=2"},
                      Case{"/s/:id id=:id /b/:id", "/s/1", "404 404.html"},
                      Case{"/s id=:id /b/:id", "/s?id=%2Fetc", "301 /b/%2Fetc?id=%2Fetc"},
                      Case{"/s id=:id /b/:id", "/s?id=", "301 /b/?id="},
                      Case{"/s id=:id /b/:id", "/s?id=1&id=2", "301 /b/2?id=1&id=2"},
                      Case{"/s id=:id /b/:id\n/s /none", "/s?ID=1", "301 /none?ID=1"},
                      Case{"/s id=2 id=1 /one\n/s /none", "/s?id=1", "301 /one?id=1"},
                      Case{"/s id=1 /one\n/s /none", "/s?id=1", "301 /one?id=1"},
                      Case{"/s id=1 /one\n/s /none", "/s?id=2", "301 /none?id=2"}));

INSTANTIATE_TEST_SUITE_P(
    Hosts, NetlifyRedirects,
    ::testing::Values(Case{"http://old.example/* https://new.example/:splat 301!",
                           "http://old.example/x", "301 https://new.example/x"},
                      Case{"http://old.example/* https://new.example/:splat 301!",
                           "https://old.example/x", "404 404.html"},
                      Case{"http://old.example/* https://new.example/:splat 301!",
                           "http://other.example/x", "404 404.html"}));

INSTANTIATE_TEST_SUITE_P(
    HostilePaths, NetlifyRedirects,
    ::testing::Values(
        // What a visitor sends must not choose the host, nor leave the target's folder.
        Case{"/* /:splat 301!", "//evil.example", "404 404.html"},
        Case{"/s to=:to /:to", "/s?to=/evil.example", "301 /%2Fevil.example?to=/evil.example"},
        Case{"/s to=:to /:to/x", "/s?to=", "301 /x?to="},
        Case{"/s to=:to /b/:to", "/s?to=..", "404 404.html"},
        Case{"/s to=:to /b/:to", "/s?to=%2e%2e", "404 404.html"},
        Case{"/s to=:to https://:to.example/ 302", "/s?to=evil.example%2F", "404 404.html"},
        Case{"/s to=:to https://:to.good.example/ 302", "/s?to=a",
             "302 https://a.good.example/?to=a"}));

TEST(NetlifyRedirects, asks_for_country_language_and_cookie) {
    const Site asked = site(
        "/ /de 302! Country=de,at\n/ /fr 302! Language=fr\n/ /us 302! Language=en-US\n"
        "/ /beta 302! Cookie=beta,alpha");
    const auto with = [](const char* name, const char* value) {
        MemoryFields fields;
        if (std::string_view(name) == "country") {
            fields.from_country = value;
        } else {
            fields.fields[name] = value;
        }
        return fields;
    };
    EXPECT_EQ(asked.get("/", with("country", "AT")), "302 /de");
    EXPECT_EQ(asked.get("/", with("country", "CH")), "200 index.html");
    EXPECT_EQ(asked.get("/", with("accept-language", "fr-CA")), "302 /fr");
    EXPECT_EQ(asked.get("/", with("accept-language", "de, fr;q=0.9")), "200 index.html");
    EXPECT_EQ(asked.get("/", with("accept-language", "EN-us")), "302 /us");
    EXPECT_EQ(asked.get("/", with("accept-language", "en")), "200 index.html");
    EXPECT_EQ(asked.get("/", with("cookie", "x=1; alpha=1")), "302 /beta");
    EXPECT_EQ(asked.get("/", with("cookie", "alpha=")), "200 index.html");
    EXPECT_EQ(asked.get("/"), "200 index.html");
}

TEST(NetlifyRedirects, guards_files_by_a_role) {
    const Site guarded =
        site("/admin/* 200! Role=admin\n/login/* /index.html 200", {"index.html", "admin/a.html"});
    EXPECT_EQ(guarded.get("/admin/a"), "404 none");
    EXPECT_EQ(guarded.get("/admin/a.html"), "404 none");
    EXPECT_EQ(guarded.problems(), "");
    MemoryFields visitor;
    visitor.of_roles = {"editor"};
    EXPECT_EQ(guarded.get("/admin/a", visitor), "404 none");
    EXPECT_TRUE(guarded.decide("/admin/a", visitor).by_role);
    visitor.of_roles = {"editor", "admin"};
    EXPECT_EQ(guarded.get("/admin/a", visitor), "200 admin/a.html");
    EXPECT_TRUE(guarded.decide("/admin/a", visitor).by_role);
    EXPECT_FALSE(guarded.decide("/", visitor).by_role) << "the rule is for other paths";
    const Site several = site("/a/* 200! Role=admin,owner\n/a/* /b 302", {"a/x.html"});
    visitor.of_roles = {"owner"};
    EXPECT_EQ(several.get("/a/x", visitor), "200 a/x.html");
    visitor.of_roles = {"Owner"};
    EXPECT_EQ(several.get("/a/x", visitor), "302 /b") << "roles are compared to the letter";
}

TEST(NetlifyRedirects, say_what_is_wrong_and_keep_the_others) {
    const Site wrong = site(
        "/good /b\n"
        "/missing\n"
        "noslash /b\n"
        "/x ftp://h.example\n"
        "/a/* /a/:splat\n"
        "/y /z abc\n"
        "/.netlify/x /y\n"
        "/z /b 301 Contry=de\n"
        "/v /b 99\n");
    EXPECT_EQ(wrong.get("/good"), "301 /b");
    EXPECT_EQ(wrong.get("/z"), "301 /b");
    const std::string problems = wrong.problems();
    for (const char* line : {":2 error", ":3 error", ":4 error", ":5 error", ":6 error", ":7 error",
                             ":8 warning", ":9 error"})
        EXPECT_NE(problems.find(std::string("_redirects") + line), std::string::npos)
            << line << "\n"
            << problems;
}

TEST(NetlifyHeaders, matches_paths_as_the_peer_does) {
    const Site named{{{"_headers",
                       "/*\n  X-All: 1\n/a/b\n  X-Exact: 1\n/p/:x/q\n  X-Place: 1\n"
                       "/css/*.css\n  X-Css: 1\n"},
                      {"netlify.toml", ""}},
                     {"index.html", "a/b.html", "p/1/q", "css/main.css", "css/d/x.css"}};
    EXPECT_EQ(named.fields("/"), "x-all: 1\n");
    EXPECT_EQ(named.fields("/A/B/"), "x-all: 1\nx-exact: 1\n");
    EXPECT_EQ(named.fields("/p/1/q"), "x-all: 1\nx-place: 1\n");
    EXPECT_EQ(named.fields("/css/main.css"), "x-all: 1\nx-css: 1\n");
    EXPECT_EQ(named.fields("/css/d/x.css"), "x-all: 1\nx-css: 1\n");
}

TEST(NetlifyHeaders, later_rules_replace_and_values_of_one_block_join) {
    const Site named{
        {{"_headers", "/*\n X-A: 1\n X-A: 2\n Cache-Control: max-age=1\n/index.html\n X-A: 3\n"},
         {"netlify.toml",
          "[[headers]]\nfor = \"/*\"\n[headers.values]\nX-B = [\"a\", \"b\"]\n"
          "cache-control = \"no-cache\"\n"}},
        {"index.html"}};
    EXPECT_EQ(named.fields("/"), "x-a: 1, 2\nx-b: a, b\ncache-control: no-cache\n");
    EXPECT_EQ(named.fields("/index.html"), "x-a: 3\nx-b: a, b\ncache-control: no-cache\n");
}

TEST(NetlifyHeaders, have_one_space_behind_each_comma) {
    const Site named{
        {{"_headers", "/*\n X-A: a ,b,  c\n"},
         {"netlify.toml", "[[headers]]\nfor = \"/*\"\nvalues = {X-B = '''\n a,\n b'''}\n"}},
        {"index.html"}};
    EXPECT_EQ(named.fields("/"), "x-a: a, b, c\nx-b: a, b\n") << named.problems();
}

TEST(NetlifyHeaders, are_of_files_alone) {
    const Site named{{{"_headers", "/*\n X-A: 1\n"},
                      {"_redirects", "/r /b\n/p https://h.example 200"},
                      {"netlify.toml", ""}},
                     {"index.html"}};
    EXPECT_EQ(named.fields("/r"), "");
    EXPECT_EQ(named.fields("/p"), "");
    EXPECT_EQ(named.fields("/nothing"), "x-a: 1\n");
}

TEST(NetlifyHeaders, refuse_what_the_server_itself_sets) {
    const Site named{{{"_headers",
                       "X-Early: 1\n/*\n Content-Length: 1\n Good: yes\n Bad Name: x\n Empty:\n"
                       " nothing here\n"},
                      {"netlify.toml", ""}},
                     {"index.html"}};
    EXPECT_EQ(named.fields("/"), "good: yes\n");
    const std::string problems = named.problems();
    for (const char* line : {":1 error", ":3 error", ":5 error", ":6 error", ":7 error"})
        EXPECT_NE(problems.find(std::string("_headers") + line), std::string::npos) << problems;
}

TEST(NetlifyToml, has_redirects_behind_those_of_the_file) {
    const Site both{
        {{"_redirects", "/a /first"},
         {"netlify.toml",
          "[build]\ncommand = \"x\"\n"
          "[[redirects]]\nfrom = \"/a\"\nto = \"/second\"\n"
          "[[redirects]]\norigin = \"/b/*\"\ndestination = \"/c/:splat\"\nstatus = 302\n"
          "force = true\nquery = {id = \":id\"}\nconditions = {Country = [\"de\"]}\n"
          "[[redirects]]\nfrom = \"/api/*\"\nto = \"https://h.example/:splat\"\n"
          "status = \"200\"\nheaders = {X-From = \"berth\"}\n"}},
        {"index.html"}};
    EXPECT_EQ(both.problems(), "");
    EXPECT_EQ(both.get("/a"), "301 /first");
    MemoryFields german;
    german.from_country = "DE";
    EXPECT_EQ(both.get("/b/x?id=1", german), "302 /c/x?id=1");
    EXPECT_EQ(both.get("/b/x?id=1"), "404 none");
    EXPECT_EQ(both.get("/api/u"), "proxy https://h.example/u");
    EXPECT_EQ(both.decide("/api/u").rule->upstream_headers[0].value[0].text, "berth");
}

TEST(NetlifyToml, says_what_is_wrong_with_line_and_key) {
    const Site wrong{{{"netlify.toml",
                       "[[redirects]]\nfrom = \"/a\"\nto = \"/b\"\nstatus = \"x\"\ntypo = 1\n"
                       "[[redirects]]\nto = \"/b\"\n"
                       "[[headers]]\nfor = 3\n"
                       "[[plugins]]\npackage = \"p\"\n"
                       "[unknown]\nx = 1\n"}},
                     {"index.html"}};
    const std::string problems = wrong.problems();
    EXPECT_EQ(wrong.get("/a"), "301 /b");
    for (const char* words : {"netlify.toml:4 error redirects.status must be a number",
                              "netlify.toml:5 warning redirects.typo", ":6 error a redirect needs",
                              ":9 error headers.for must be a text", "plugins do not run",
                              "warning unknown is not known"})
        EXPECT_NE(problems.find(words), std::string::npos) << words << "\n" << problems;
}

TEST(NetlifyToml, that_is_not_toml_counts_for_nothing) {
    const Site broken{{{"netlify.toml", "[[redirects]\nfrom"}, {"_redirects", "/a /b"}},
                      {"index.html"}};
    EXPECT_EQ(broken.get("/a"), "301 /b");
    EXPECT_NE(broken.problems().find("netlify.toml:1 error this is not TOML"), std::string::npos)
        << broken.problems();
    // The parser asserts here, which must not end the worker.
    const Site hostile{{{"netlify.toml", "[[/:splat\"\n"}}, {"index.html"}};
    EXPECT_NE(hostile.problems().find("netlify.toml:0 error this is not TOML"), std::string::npos);
}

TEST(NetlifyFiles, are_found_without_their_endings) {
    const Site plain{{{"netlify.toml", ""}},
                     {"index.html", "a.html", "b/index.html", "c.htm", "404.html"}};
    EXPECT_EQ(plain.get("/a"), "200 a.html");
    EXPECT_EQ(plain.get("/a/"), "200 a.html");
    EXPECT_EQ(plain.get("/a.html"), "200 a.html");
    EXPECT_EQ(plain.get("/b"), "200 b/index.html");
    EXPECT_EQ(plain.get("/b/"), "200 b/index.html");
    EXPECT_EQ(plain.get("/c"), "200 c.htm");
    EXPECT_EQ(plain.get("/nothing/at/all"), "404 404.html");
}

}  // namespace
}  // namespace berth::rules

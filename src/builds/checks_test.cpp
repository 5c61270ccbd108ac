#include "builds/checks.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "builds/compress.hpp"
#include "rules/read_rules.hpp"

namespace berth::builds {
namespace {

using Files = std::map<std::string, std::string>;

/// A site of these files, with the rules of these.
class Built {
public:
    explicit Built(const Files& files, const Files& rule_files = {{"berth.toml", ""}}) {
        for (const auto& [path, text] : files) {
            const std::string sha256 = sha256_hex(text);
            blobs_[sha256] = text;
            manifest_.files[path] = {
                .sha256 = sha256, .bytes = text.size(), .type = artifacts::content_type(path)};
        }
        manifest_.rules = rules::read_rules(rule_files);
    }

    std::vector<jobs::Check> check(std::string_view toml) const {
        const ReadBlob read = [this](const std::string& sha256) { return blobs_.at(sha256); };
        const BuiltSite site(manifest_, read, "shop.example");
        return check_site(rules::read_gates(toml), site);
    }
    jobs::Check one(std::string_view toml) const {
        const std::vector<jobs::Check> all = check(toml);
        EXPECT_EQ(all.size(), 1u);
        return all.at(0);
    }

private:
    std::map<std::string, std::string> blobs_{};
    artifacts::Manifest manifest_{};
};

std::vector<std::string> words_of(const jobs::Check& check) {
    std::vector<std::string> words;
    for (const jobs::CheckFinding& finding : check.findings)
        words.push_back(finding.place + ": " + finding.found);
    return words;
}
using Words = std::vector<std::string>;

TEST(Checks, of_sizes_say_limit_found_and_the_files) {
    const Built site({{"a.js", std::string(2'000, 'a')},
                      {"deep/b.js", std::string(1'500, 'b')},
                      {"c.css", std::string(9'000, 'c')}});
    const jobs::Check over = site.one("[[gates.sizes]]\nfiles = \"*.js\"\nmax = \"3 kB\"\n");
    EXPECT_FALSE(over.passed);
    EXPECT_EQ(over.kind, jobs::CheckKind::size);
    EXPECT_EQ(over.declared, "berth.toml:1");
    EXPECT_EQ(over.limit, "at most 3.0 kB");
    EXPECT_EQ(over.found, "3.5 kB in 2 files");
    EXPECT_EQ(words_of(over), (Words{"a.js: 2.0 kB", "deep/b.js: 1.5 kB"}));
    EXPECT_TRUE(site.one("[[gates.sizes]]\nfiles = \"*.js\"\nmax = 3_500\n").passed);
    EXPECT_FALSE(site.one("[[gates.sizes]]\nmax = \"12 kB\"\n").passed);
    EXPECT_TRUE(site.one("[[gates.sizes]]\nfiles = \"none/**\"\nmax = 0\n").passed);
}

TEST(Checks, of_sizes_may_be_of_each_file) {
    const Built site({{"a.js", std::string(2'000, 'a')}, {"b.js", std::string(1'500, 'b')}});
    const jobs::Check over = site.one("[[gates.sizes]]\nmax_each = \"1.6 kB\"\n");
    EXPECT_FALSE(over.passed);
    EXPECT_EQ(over.limit, "at most 1.6 kB each");
    EXPECT_EQ(over.found, "the largest of 2 files has 2.0 kB");
    EXPECT_EQ(words_of(over), (Words{"a.js: 2.0 kB"}));
}

TEST(Checks, of_sizes_count_what_travels_with_gzip) {
    const std::string text(50'000, 'a');
    const Built site({{"a.js", text}, {"same.js", text}, {"a.png", std::string(700, 'p')}});
    const std::size_t packed = gzip(text)->size();
    const std::string all = "[[gates.sizes]]\ngzip = true\nmax = ";
    EXPECT_TRUE(site.one(all + std::to_string(2 * packed + 700)).passed);
    EXPECT_FALSE(site.one(all + std::to_string(2 * packed + 699)).passed);
}

TEST(Checks, of_routes_ask_as_the_edge_answers) {
    const Built site({{"index.html", ""}, {"docs/index.html", ""}, {"404.html", ""}},
                     {{"berth.toml", ""},
                      {"_redirects", "/old /new 301\n/api/* https://api.example/:splat 200\n"}});
    const auto check = [&](const std::string& path, const std::string& more) {
        return site.one("[[gates.routes]]\npath = \"" + path + "\"\n" + more);
    };
    EXPECT_TRUE(check("/", "").passed);
    EXPECT_TRUE(check("/docs/", "").passed);
    EXPECT_TRUE(check("/docs", "status = 308\nlocation = \"/docs/\"\n").passed);
    EXPECT_TRUE(check("/nowhere", "status = [404, 410]\n").passed);
    EXPECT_TRUE(check("/old", "status = 301\n").passed);
    const jobs::Check elsewhere = check("/old", "status = 301\nlocation = \"/other\"\n");
    EXPECT_FALSE(elsewhere.passed);
    EXPECT_EQ(elsewhere.limit, "answered with 301 to /other");
    EXPECT_EQ(elsewhere.found, "301 to /new");
    const jobs::Check missing = check("/about", "");
    EXPECT_FALSE(missing.passed);
    EXPECT_EQ(missing.subject, "/about");
    EXPECT_EQ(missing.found, "404");
    EXPECT_FALSE(check("/api/x", "").passed);  // nobody asked the other server
    EXPECT_FALSE(check("/%zz", "").passed);
}

TEST(Checks, of_headers_look_at_the_answers_of_a_path_or_of_files) {
    const Built site({{"index.html", ""}, {"a/index.html", ""}, {"a/x.js", ""}},
                     {{"berth.toml", ""},
                      {"_headers", "/a/*\n  X-Frame-Options: DENY\n/*\n  X-Powered-By: me\n"}});
    const std::string wants = "require = { x-frame-options = \"DENY\" }\n";
    EXPECT_TRUE(site.one("[[gates.headers]]\nfor = \"/a/\"\n" + wants).passed);
    EXPECT_TRUE(site.one("[[gates.headers]]\nfor = \"/a/**\"\n" + wants).passed);
    const jobs::Check all = site.one("[[gates.headers]]\nfor = \"/**/*.html\"\n" + wants);
    EXPECT_FALSE(all.passed);
    EXPECT_EQ(words_of(all), (Words{"/index.html: no x-frame-options"}));
    EXPECT_EQ(all.found, "1 time not so, in 2 answers");
    const jobs::Check other =
        site.one("[[gates.headers]]\nfor = \"/a/\"\nrequire = { x-frame-options = \"/^SAME/\" }\n");
    EXPECT_EQ(words_of(other), (Words{"/a/: x-frame-options: DENY"}));
    const jobs::Check told =
        site.one("[[gates.headers]]\nfor = \"/\"\nforbid = [\"X-Powered-By\"]\n");
    EXPECT_EQ(words_of(told), (Words{"/: x-powered-by: me"}));
    EXPECT_TRUE(
        site.one("[[gates.headers]]\nfor = \"/\"\nrequire = { cache-control = \"*\" }\n").passed);
}

TEST(Checks, of_links_follow_them_as_a_browser_would) {
    const Built site(
        {{"index.html", R"(<a href=about>1</a><a href="docs">2</a><a href="/old">3</a>
<a href="https://else.example/x">4</a><a href="//cdn.example/y">5</a><a href="mailto:a@b">6</a>
<a href="#top">7</a><a href="https://shop.example/docs/">8</a><img src="a b.png"><a href="?q=1">9</a>
<a href="/api/x">10</a>)"},
         {"about.html", "<a href='docs/more.html'>"},
         {"docs/index.html", "<a href=more.html><a href='../about'><a href='../../about'>"},
         {"docs/more.html", "<a href=./>"},
         {"a b.png", ""}},
        {{"berth.toml", ""},
         {"_redirects", "/old /about 301\n/api/* https://api.example/:splat 200\n"}});
    const jobs::Check check = site.one("[gates]\nlinks = true\n");
    EXPECT_TRUE(check.passed) << fmt::format("{}", fmt::join(words_of(check), "\n"));
    EXPECT_EQ(check.subject, "links of 4 pages");
}

TEST(Checks, of_links_name_the_page_and_the_target) {
    const Built site(
        {{"index.html", "<a href=/gone><a href=gone><a href='/gone?x'>"},
         {"docs/index.html", "<a href=gone.html><img src=/loop>"},
         {"based/index.html", "<base href='/docs/'><a href=index.html><a href=no.html>"},
         {"elsewhere.html", "<base href='https://cdn.example/'><a href=no.html>"}},
        {{"berth.toml", ""}, {"_redirects", "/loop /loop2\n/loop2 /loop\n"}});
    const jobs::Check check = site.one("[gates]\nlinks = true\n");
    EXPECT_FALSE(check.passed);
    EXPECT_EQ(words_of(check), (Words{"based/index.html: /docs/no.html: 404",
                                      "docs/index.html: /docs/gone.html: 404",
                                      "docs/index.html: /loop: more than 10 redirects",
                                      "index.html: /gone: 404", "index.html: /gone?x: 404"}));
    EXPECT_EQ(check.found, "5 of 6 lead nowhere");
    EXPECT_TRUE(site.one("[gates.links]\nignore = [\"/gone\", \"docs/*\", \"/loop\"]\n").passed);
}

TEST(Checks, of_links_count_what_they_do_not_list) {
    std::string page;
    for (std::size_t i = 0; i < jobs::findings_max + 5; ++i)
        page += fmt::format("<a href=/gone{}>", i);
    const jobs::Check check = Built({{"index.html", page}}).one("[gates]\nlinks = true\n");
    EXPECT_EQ(check.findings.size(), jobs::findings_max);
    EXPECT_EQ(check.findings_left_out, 5);
}

TEST(Checks, fail_when_they_cannot_be_read) {
    const Built site({{"index.html", ""}});
    const jobs::Check check = site.one("[gates]\nlinks = true\n[[gates.sizes]]\nmax = \"much\"\n");
    EXPECT_EQ(check.kind, jobs::CheckKind::declaration);
    EXPECT_FALSE(check.passed);
    ASSERT_EQ(check.findings.size(), 1u);
    EXPECT_EQ(check.findings[0].place, "berth.toml:4:7");
}

TEST(Checks, have_texts_that_fit_and_are_utf8) {
    const std::string name = std::string(400, 'x') + ".js";
    const Built site({{name, "12"}, {"\xff.js", "1"}});
    const jobs::Check check = site.one("[[gates.sizes]]\nmax = 0\n");
    ASSERT_EQ(check.findings.size(), 2u);
    EXPECT_LE(check.findings[0].place.size(), jobs::check_text_bytes_max);
    EXPECT_EQ(check.findings[1].place, "\xef\xbf\xbd.js");
}

}  // namespace
}  // namespace berth::builds

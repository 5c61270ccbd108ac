/// `berth.toml`: docs/rules.md.

#include <gtest/gtest.h>

#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::MemoryFields;
using testing::Site;

TEST(BerthToml, says_whose_words_the_other_files_are_in) {
    const std::string redirects = "/a /b\n/a/:x-y /c/:x\n";
    const auto site = [&](const std::string& toml) {
        return Site{{{"berth.toml", toml}, {"_redirects", redirects}}, {"a.html"}};
    };
    const Site cloudflare = site("dialect = \"cloudflare\"\n");
    EXPECT_EQ(cloudflare.problems(), "");
    EXPECT_EQ(cloudflare.rules.set().why, "berth.toml says so");
    EXPECT_EQ(cloudflare.get("/a"), "302 /b") << "its rules come before files";
    EXPECT_EQ(cloudflare.get("/a/1-y"), "302 /c/1");
    const Site own = site("[build]\n");
    EXPECT_EQ(own.rules.set().dialect, Dialect::berth);
    EXPECT_EQ(own.get("/a"), "200 a.html");
    const Site odd = site("dialect = \"apache\"\n");
    EXPECT_EQ(odd.rules.set().dialect, Dialect::berth);
    EXPECT_EQ(odd.problems(),
              "berth.toml:1 error dialect is one of berth, netlify, cloudflare, vercel\n");
    EXPECT_NE(site("dialect = 7\n").problems().find("berth.toml:1 "), std::string::npos);
}

TEST(BerthToml, has_the_powers_of_all) {
    const Site own{{{"berth.toml", R"(
[files]
clean_urls = true
not_found = "page"

[[redirects]]
from = "/old/*"
to = "/new/:splat"

[[redirects]]
from = "/"
to = "/de"
status = 302
when = { country = ["de", "at"], header = { x-beta = "/on.*/" } }

[[rewrites]]
from = "/api/:version/*"
to = "https://h.example/:version/:splat"
upstream_headers = { X-Key = "k" }

[[rewrites]]
from = "/search"
to = "/s/:q.html"
when = { query = { q = ":q" } }

[[headers]]
for = "/*"
set = { X-A = "1" }
append = { Vary = "Cookie" }
unset = ["X-B"]
)"}},
                   {"index.html", "a.html", "s/x.html", "d/404.html"}};
    EXPECT_EQ(own.problems(), "");
    EXPECT_EQ(own.get("/old/x"), "308 /new/x");
    EXPECT_EQ(own.get("/a.html"), "308 /a");
    EXPECT_EQ(own.get("/a"), "200 a.html");
    EXPECT_EQ(own.get("/d/nothing"), "404 d/404.html");
    EXPECT_EQ(own.get("/api/v1/x/y"), "proxy https://h.example/v1/x/y");
    EXPECT_EQ(own.get("/search?q=x"), "200 s/x.html");
    MemoryFields german;
    german.from_country = "AT";
    EXPECT_EQ(own.get("/", german), "200 index.html");
    german.fields["x-beta"] = "on-now";
    EXPECT_EQ(own.get("/", german), "302 /de");
    EXPECT_EQ(own.fields("/a"), "x-b: -\nx-a: 1\nvary: Cookie\n");
}

TEST(BerthToml, says_what_is_wrong) {
    const Site wrong{{{"berth.toml", R"([files]
lookup = "magic"
[[redirects]]
from = "/a"
to = "/b"
status = 200
[[redirects]]
from = "/c"
to = "/d"
colour = "red"
[[headers]]
for = "/x"
set = { Content-Length = "1" }
[[rewrites]]
from = "/e"
to = "/f"
when = { header = { x = "/(/" } }
)"}},
                     {"index.html"}};
    const std::string problems = wrong.problems();
    for (const char* words :
         {":1 error files.lookup is one of berth, netlify", ":3 error a redirect has a status",
          ":10 warning redirects.colour is not known", ":11 error the server itself sets",
          "error when.header.x: missing"})
        EXPECT_NE(problems.find(words), std::string::npos) << words << "\n" << problems;
    EXPECT_EQ(wrong.get("/c"), "308 /d");
    EXPECT_EQ(wrong.get("/e"), "404 none");
}

}  // namespace
}  // namespace berth::rules

/// What all dialects have in common: which is chosen, what hostile files do, what many rules cost.

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "rules/lines.hpp"
#include "rules/testing.hpp"

namespace berth::rules {
namespace {

using testing::Site;
using Sources = std::map<std::string, std::string>;

std::string chosen(const Sources& files) {
    const RuleSet set = read_rules(files);
    return fmt::format("{}: {}", boost::describe::enum_to_string(set.dialect, ""), set.why);
}

TEST(Dialects, are_chosen_and_explained) {
    EXPECT_EQ(chosen({}), "berth: ");
    EXPECT_EQ(chosen({{"_redirects", "/a /b"}}),
              "netlify: the default for _redirects and _headers");
    EXPECT_EQ(chosen({{"_redirects", "/a /b"}, {"netlify.toml", ""}, {"wrangler.toml", ""}}),
              "netlify: there is a netlify.toml");
    EXPECT_EQ(chosen({{"_redirects", "/a /b 200!"}, {"wrangler.json", "{}"}}),
              "cloudflare: there is a wrangler.json");
    EXPECT_EQ(chosen({{"_headers", "/*\n X: 1"}, {"_routes.json", "{}"}}),
              "cloudflare: there is a _routes.json");
    EXPECT_EQ(chosen({{"_redirects", "/a /b\n/* /index.html 200"}}),
              "netlify: _redirects:2 is a single-page line");
    EXPECT_EQ(chosen({{"_redirects", "/a x=1 /b"}}), "netlify: _redirects:1 has a condition (x=1)");
    EXPECT_EQ(chosen({{"_redirects", "/a /b"}, {"_headers", "/*\n ! X-Frame-Options"}}),
              "cloudflare: only Cloudflare knows _headers:2");
    EXPECT_EQ(chosen({{"vercel.json", "{}"}}), "vercel: there is a vercel.json");
    EXPECT_EQ(chosen({{"berth.toml", ""}, {"vercel.json", "{}"}}), "berth: there is a berth.toml");
}

TEST(RuleSets, survive_their_json) {
    const RuleSet set =
        read_rules({{"_redirects", "/a/:x id=:y /b/:y 302! Country=de\nbroken\n"},
                    {"_headers", "/*\n X-A: 1\n"},
                    {"netlify.toml",
                     "[[redirects]]\nfrom=\"/p/*\"\nto=\"https://h.example/:splat\"\n"
                     "status=200\nheaders={X=\"1\"}\n"}});
    const std::string text = json::text(set);
    EXPECT_EQ(json::parse_as<RuleSet>(text).value(), set) << text;
    EXPECT_EQ(json::text(RuleSet()), "{}");
}

TEST(RuleFiles, that_are_no_text_count_for_nothing) {
    const Site site{{{"_redirects", "/a /b\n\xff\xfe"},
                     {"_headers", std::string("/*\n X: 1\0", 9)},
                     {"netlify.toml", std::string(9 << 20, '#')}},
                    {"index.html"}};
    EXPECT_EQ(site.get("/a"), "404 none");
    EXPECT_NE(site.problems().find("_redirects:0 error the file is not UTF-8"), std::string::npos);
    EXPECT_NE(site.problems().find("netlify.toml:0 error the file is over"), std::string::npos);
}

TEST(RuleFiles, of_a_million_wrong_lines_say_the_first_hundred) {
    std::string wrong;
    for (int i = 0; i < 10'000; ++i)
        wrong += "nonsense\n";
    const Site site{{{"_redirects", wrong}}, {"index.html"}};
    EXPECT_EQ(site.rules.set().problems.size(), 101u);
    EXPECT_NE(site.problems().find("9900 more problems"), std::string::npos);
}

TEST(ManyRules, find_the_first_that_applies) {
    std::string lines;
    for (int i = 0; i < 45'000; ++i) {
        lines += i % 9 == 0 ? fmt::format("/blog{}/:slug/x /posts/:slug/{}\n", i, i)
                            : fmt::format("/old/page-{} /new/page-{}\n", i, i);
    }
    lines += "/old/* /archive/:splat\n";
    const Site site{{{"_redirects", lines}}, {"index.html"}};
    EXPECT_EQ(site.rules.set().rules.size(), 45'001u);
    EXPECT_EQ(site.get("/old/page-44999"), "301 /new/page-44999");
    EXPECT_EQ(site.get("/old/page-45000"), "301 /archive/page-45000");
    EXPECT_EQ(site.get("/blog9/hello/x"), "301 /posts/hello/9");
    EXPECT_EQ(site.get("/blog10/hello/x"), "404 none");
}

TEST(ManyRules, are_bounded_in_number_and_in_what_a_request_asks) {
    std::string lines;
    for (int i = 0; i < 60'000; ++i)
        lines += fmt::format("/p{} /q 302\n", i);
    const Site many{{{"_redirects", lines}}, {"index.html"}};
    EXPECT_EQ(many.rules.set().rules.size(), rules_max);
    EXPECT_NE(many.problems().find("_redirects:50001 error only 50000 rules"), std::string::npos);
    std::string same;
    for (int i = 0; i < 5'000; ++i)
        same += fmt::format("/* /q{} 302! Cookie=c{}\n", i, i);
    const Site cookies{{{"_redirects", same}}, {"index.html"}};
    testing::MemoryFields fields;
    fields.fields["cookie"] = "c3999=1";
    EXPECT_EQ(cookies.get("/x", fields), "302 /q3999");
    fields.fields["cookie"] = "c4000=1";
    EXPECT_EQ(cookies.get("/x", fields), "404 none");
    std::string headers;
    for (int block = 0; block < 2; ++block) {
        headers += "/*\n";
        for (int i = 0; i < 300; ++i)
            headers += fmt::format(" X-{}-{}: 1\n", block, i);
    }
    const Site fielded{{{"_headers", headers}}, {"index.html"}};
    EXPECT_EQ(fielded.rules.set().headers[1].changes.size(), headers_of_block_max);
    EXPECT_EQ(fielded.decide("/").fields.size(), 200u);
}

TEST(Steps, say_what_was_tried) {
    const Site site{
        {{"_redirects", "/a /de 302 Country=de\n/a /b?x=1\n/there /c\n/* /lost.html 404\n"}},
        {"index.html", "there.html"}};
    Steps steps;
    site.decide("/a", {}, &steps);
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_EQ(steps[0].rule->origin.line, 1u);
    EXPECT_EQ(steps[0].why, "the path matches, but not the condition: country equals de");
    EXPECT_FALSE(steps[0].decided);
    EXPECT_EQ(steps[1].rule->origin.line, 2u);
    EXPECT_TRUE(steps[1].decided);
    steps.clear();
    site.decide("/there", {}, &steps);
    EXPECT_EQ(steps.back().rule, nullptr);
    EXPECT_TRUE(steps.back().decided);
    EXPECT_EQ(steps.back().why, "there is a file");
}

}  // namespace
}  // namespace berth::rules

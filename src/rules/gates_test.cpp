#include "rules/gates.hpp"

#include <gtest/gtest.h>

#include "rules/read_rules.hpp"

namespace berth::rules {
namespace {

TEST(Gates, are_read_as_documented) {
    const Gates gates = read_gates(R"(
[gates]
links = true

[[gates.sizes]]
max = "2 MB"

[[gates.sizes]]
files = "**/*.js"
max = "300 kB"
max_each = 100_000
gzip = true

[[gates.routes]]
path = "/"

[[gates.routes]]
path = "/old"
status = [301, 308]
location = "/new"

[[gates.headers]]
for = "/**"
require = { content-security-policy = "*", X-Frame-Options = "DENY", cache-control = "/max-age=\\d+/" }
forbid = "x-powered-by"
)");
    for (const GateProblem& problem : gates.problems)
        ADD_FAILURE() << problem.message;
    ASSERT_EQ(gates.sizes.size(), 3u);
    EXPECT_EQ(gates.sizes[0].files, "**");
    EXPECT_EQ(gates.sizes[0].bytes_max, 2'000'000u);
    EXPECT_EQ(gates.sizes[0].coding, SizeGate::Coding::plain);
    EXPECT_EQ(gates.sizes[0].line, 5u);
    EXPECT_EQ(gates.sizes[1].coding, SizeGate::Coding::gzip);
    EXPECT_EQ(gates.sizes[2].of, SizeGate::Of::each);
    EXPECT_EQ(gates.sizes[2].bytes_max, 100'000u);
    ASSERT_EQ(gates.routes.size(), 2u);
    EXPECT_EQ(gates.routes[0].statuses, std::vector<std::uint32_t>{200});
    EXPECT_EQ(gates.routes[1].statuses, (std::vector<std::uint32_t>{301, 308}));
    EXPECT_EQ(gates.routes[1].location, "/new");
    ASSERT_EQ(gates.headers.size(), 1u);
    ASSERT_EQ(gates.headers[0].wishes.size(), 4u);
    using Test = HeaderWish::Test;
    const auto test_of = [&](const std::string& name) {
        for (const HeaderWish& wish : gates.headers[0].wishes)
            if (wish.name == name) return wish.test;
        ADD_FAILURE() << name;
        return Test::there;
    };
    EXPECT_EQ(test_of("content-security-policy"), Test::there);
    EXPECT_EQ(test_of("x-frame-options"), Test::equals);
    EXPECT_EQ(test_of("cache-control"), Test::matches);
    EXPECT_EQ(test_of("x-powered-by"), Test::absent);
    EXPECT_TRUE(gates.links);
}

TEST(Gates, are_none_where_none_are_declared) {
    EXPECT_TRUE(read_gates("").empty());
    EXPECT_TRUE(read_gates("[build]\nnode = \"22\"\n").empty());
    EXPECT_TRUE(read_gates("[gates]\nlinks = false\n").empty());
    EXPECT_TRUE(read_gates("[gates]\n").empty());
    // Broken, but of something else: what is wrong with it is said with the rules.
    EXPECT_TRUE(read_gates("[[build").empty());
}

struct Wrong {
    const char* text;
    std::uint32_t line;
    std::uint32_t column;
    const char* says;
};

TEST(Gates, say_line_and_column_of_what_is_wrong) {
    const Wrong cases[] = {
        {"[[gates.sizes]]\nmax = \"much\"\n", 2, 7, "gates.sizes: 'max' must be a size"},
        {"[[gates.sizes]]\nfiles = \"*.js\"\n", 1, 1, "'max' or 'max_each' is missing"},
        {"[[gates.sizes]]\nmax = 1\nfiles = \"a{b\"\n", 3, 9, "a brace is not closed"},
        {"[[gates.sizes]]\nmax = 1\nmaximum = 2\n", 3, 1, "'maximum' is not known here"},
        {"[[gates.sizes]]\nmax = 1\ngzip = \"yes\"\n", 3, 8, "'gzip' must be true or false"},
        {"[[gates.routes]]\nstatus = 200\n", 1, 1, "'path' is missing"},
        {"[[gates.routes]]\npath = \"about\"\n", 2, 8, "'path' must begin with /"},
        {"[[gates.routes]]\npath = \"/\"\nstatus = 99\n", 3, 10, "'status' must be a status"},
        {"[[gates.headers]]\nfor = \"/\"\n", 1, 1, "'require' or 'forbid' is missing"},
        {"[[gates.headers]]\nfor = \"/\"\nrequire = { a = 1 }\n", 3, 17, "must be a header with"},
        {"[[gates.headers]]\nfor = \"/\"\nrequire = { a = \"/(/\" }\n", 3, 17, "the expression of"},
        {"[[gates.headers]]\nfor = \"/\"\nforbid = [\"a b\"]\n", 3, 10, "'a b' is no header"},
        {"[gates]\nlinks = 1\n", 2, 9, "'links' must be true, or a table"},
        {"[gates]\nsizes = 1\n", 2, 9, "[[gates.sizes]]"},
        {"[gates]\nsize = []\n", 2, 1, "'size' is not known here"},
        {"gates = 1\n", 1, 9, "this must be a table"},
        {"[gates]\nlinks = \n", 2, 9, "this is not TOML"},
    };
    for (const Wrong& one : cases) {
        const Gates gates = read_gates(one.text);
        ASSERT_FALSE(gates.problems.empty()) << one.text;
        const GateProblem& problem = gates.problems.front();
        EXPECT_NE(problem.message.find(one.says), std::string::npos) << problem.message;
        EXPECT_EQ(problem.line, one.line) << one.text;
        EXPECT_EQ(problem.column, one.column) << one.text;
    }
}

TEST(Gates, are_bounded) {
    std::string text;
    for (std::size_t i = 0; i <= gates_max; ++i)
        text += "[[gates.routes]]\npath = \"/\"\n";
    const Gates gates = read_gates(text);
    ASSERT_EQ(gates.problems.size(), 1u);
    EXPECT_NE(gates.problems[0].message.find("more than 100"), std::string::npos);
}

TEST(Gates, are_no_unknown_key_of_the_rules) {
    const RuleSet set = read_rules({{"berth.toml", "[gates]\nlinks = true\n"}});
    EXPECT_TRUE(set.problems.empty());
}

TEST(Gates, read_sizes) {
    EXPECT_EQ(parse_size("900"), 900u);
    EXPECT_EQ(parse_size("1 B"), 1u);
    EXPECT_EQ(parse_size("300 kB"), 300'000u);
    EXPECT_EQ(parse_size("1.5MiB"), 1'572'864u);
    EXPECT_EQ(parse_size("2 GiB"), 2'147'483'648u);
    for (const char* wrong : {"", "kB", "-1", "1e3", "1 TB", "nan", "inf", "1 k B", "99999999 GB"})
        EXPECT_FALSE(parse_size(wrong)) << wrong;
}

}  // namespace
}  // namespace berth::rules

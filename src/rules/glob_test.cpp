#include "rules/glob.hpp"

#include <gtest/gtest.h>

namespace berth::rules {
namespace {

struct Case {
    const char* pattern;
    const char* name;
    bool fits;
};

TEST(Glob, fits_as_people_mean_it) {
    const Case cases[] = {
        {"**", "index.html", true},
        {"**", "a/b/c.js", true},
        {"*.js", "main.js", true},
        {"*.js", "assets/deep/main.js", true},
        {"*.js", "main.json", false},
        {"/*.js", "main.js", true},
        {"/*.js", "assets/main.js", false},
        {"assets/*", "assets/main.js", true},
        {"assets/*", "assets/deep/main.js", false},
        {"assets/**", "assets/deep/main.js", true},
        {"assets/**", "assets", false},
        {"**/*.js", "main.js", true},
        {"**/*.js", "a/b/main.js", true},
        {"a/**/z", "a/z", true},
        {"a/**/z", "a/b/c/z", true},
        {"a/**/z", "ab/z", false},
        {"*.{js,css}", "a/x.css", true},
        {"*.{js,css}", "a/x.cs", false},
        {"v?.txt", "v1.txt", true},
        {"v?.txt", "v10.txt", false},
        {"a.b", "axb", false},
        {"feature/*", "feature/cart", true},
        {"feature/*", "feature/cart/2", false},
        {"release-*", "release-2", true},
        {"(a|b)", "a", false},
        {"(a|b)", "(a|b)", true},
        {"\xc3\xa4*", "\xc3\xa4pfel", true},
    };
    for (const Case& one : cases)
        EXPECT_EQ(Glob(one.pattern).fits(one.name), one.fits) << one.pattern << " " << one.name;
}

TEST(Glob, says_what_is_wrong_with_a_pattern) {
    EXPECT_EQ(Glob::problem("a/{b,c}/**"), "");
    EXPECT_NE(Glob::problem(""), "");
    EXPECT_NE(Glob::problem("a{b"), "");
    EXPECT_NE(Glob::problem("a}b{"), "");
    EXPECT_NE(Glob::problem("a\nb"), "");
    EXPECT_NE(Glob::problem(std::string(256, 'a')), "");
}

TEST(Glob, takes_linear_time) {
    std::string stars;
    for (int i = 0; i < 60; ++i)
        stars += "*a";
    EXPECT_FALSE(Glob(stars).fits(std::string(20'000, 'a') + "b"));
}

}  // namespace
}  // namespace berth::rules

#include "rules/path_to_regexp.hpp"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <optional>

#include "rules/pattern.hpp"

namespace berth::rules {
namespace {

/// "docs :id *rest", with "/" behind it where the pattern ends in one.
std::string parts_text(const Pattern& pattern) {
    std::string out;
    for (const Part& part : pattern.parts) {
        out += out.empty() ? "" : " ";
        if (part.kind == PartKind::one) out += ":";
        if (part.kind == PartKind::rest) out += pattern.rest_segments == 1 ? "+" : "*";
        out += part.text;
    }
    return out + (pattern.ends_in_slash ? "/" : "");
}

TEST(PathToRegexp, makes_parts_of_whole_segments) {
    struct {
        std::string_view source, parts;
    } const cases[] = {
        {"/", "/"},
        {"/a", "a"},
        {"/a/", "a/"},
        {"/a/b.html", "a b.html"},
        {"/:a", ":a"},
        {"/:a/", ":a/"},
        {"/:a/b/:c", ":a b :c"},
        {"/:a*", "*a"},
        {"/blog/:path*", "blog *path"},
        {"/blog/:path+", "blog +path"},
        {"/x{/:y}*", "x *y"},
        {"/x{/:y}", "x :y"},
        {"/\\:a", ":a"},
        {"/\\(a\\)", "(a)"},
        {"/a%20b", "a b"},
        {"/a\\*", "a*"},
        {"/caf%C3%A9", "caf\xC3\xA9"},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_TRUE(source) << one.source << ": " << source.error().message;
        EXPECT_EQ(parts_text(source->pattern), one.parts) << one.source;
        EXPECT_EQ(source->pattern.regex, "") << one.source;
        EXPECT_EQ(source->pattern.slash, Slash::strict) << one.source;
        EXPECT_FALSE(source->pattern.ignore_case) << one.source;
    }
    EXPECT_EQ(parse_source("/\\:a")->pattern.parts[0].kind, PartKind::text);
}

TEST(PathToRegexp, puts_leading_texts_into_parts_and_the_remainder_into_a_regex) {
    struct {
        std::string_view source, parts, regex;
    } const cases[] = {
        {"/(.*)", "", "(?:/(?P<g0>.*))"},
        {"/docs/(\\d+)", "docs", "(?:/(?P<g0>\\d+))"},
        {"/docs/v:n(\\d+)/x", "docs", "/v(?P<n>\\d+)/x"},
        {"/:lang(en|de)/x", "", "(?:/(?P<lang>en|de))/x"},
        {"/:a-:b", "", "(?:/(?P<a>[^/]+?))\\-(?P<b>[^/]+?)"},
        {"/a:b", "", "/a(?P<b>[^/]+?)"},
        {"/x/:a?", "x", "(?:/(?P<a>[^/]+?))?"},
        {"/x{/y}?", "x", "(?:/y)?"},
        {"/x{-y}?", "", "/x(?:\\-y)?"},
        {"/a/b/{c-:d}?", "a b", "/(?:c\\-(?P<d>[^/]+?))?"},
        {"/:a*/x", "", "(?:/(?P<a>(?:[^/]+?)(?:/(?:[^/]+?))*))?/x"},
        {"/x/:a*/", "x", "(?:/(?P<a>(?:[^/]+?)(?:/(?:[^/]+?))*))?/"},
        {"/x{-:a-}+", "", "/x(?:\\-(?P<a>(?:[^/]+?)(?:\\-\\-(?:[^/]+?))*)\\-)"},
        {"(.*)", "", "(?P<g0>.*)"},
        {"/x/:a?b", "", "/x(?:/(?P<a>[^/]+?))?b"},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_TRUE(source) << one.source << ": " << source.error().message;
        EXPECT_EQ(parts_text(source->pattern), one.parts) << one.source;
        EXPECT_EQ(source->pattern.regex, one.regex) << one.source;
        EXPECT_EQ(regex_problem(source->pattern.regex), "") << one.source;
        EXPECT_TRUE(source->pattern.unless.empty()) << one.source;
    }
}

/// What follows the parts, or nothing where they do not match.
std::optional<std::string> behind_parts(const Pattern& pattern, std::string_view path) {
    for (const Part& part : pattern.parts) {
        const std::string segment = "/" + part.text;
        if (!path.starts_with(segment)) return std::nullopt;
        path.remove_prefix(segment.size());
        if (!path.empty() && path[0] != '/') return std::nullopt;
    }
    return std::string(path);
}

bool matches(const Pattern& pattern, std::string_view path) {
    const std::optional<std::string> rest = behind_parts(pattern, path);
    if (!rest || !re2::RE2::FullMatch(*rest, pattern.regex)) return false;
    for (const std::string& unless : pattern.unless) {
        const re2::RE2 ahead(unless);
        if (ahead.Match(*rest, 0, rest->size(), re2::RE2::ANCHOR_START, nullptr, 0)) return false;
    }
    return true;
}

// What Vercel's own compiler makes of the sources says yes and no to the same paths.
TEST(PathToRegexp, matches_what_vercel_matches) {
    struct {
        std::string_view source;
        std::vector<std::string_view> yes, no;
    } const cases[] = {
        {"/(.*)", {"/", "/a", "/a/b/"}, {}},
        {"/((?!api/).*)", {"/", "/apix", "/api", "/x/api/"}, {"/api/", "/api/x"}},
        {"/((?!api|_next/static|favicon.ico).*)",
         {"/", "/x", "/_next/x"},
         {"/api", "/apix", "/_next/static/a", "/favicon.ico"}},
        {"/:path((?!uk/).*)", {"/", "/de/x", "/uk"}, {"/uk/", "/uk/x"}},
        {"/docs/((?!v1).*)", {"/docs/", "/docs/v2"}, {"/docs", "/docs/v1", "/docs/v1/x"}},
        {"/docs/((?!v1$).*)", {"/docs/v1x", "/docs/v1/x"}, {"/docs/v1"}},
        {"/a-((?!b)(?!c).+)", {"/a-d"}, {"/a-b", "/a-cx", "/a-"}},
        {"/:lang/((?!api/).*)", {"/en/x", "/en/", "/api/x"}, {"/en/api/x", "/en"}},
        {"/(a(?!b).*)", {"/a", "/ac"}, {"/ab", "/abc", "/b"}},
        {"/((?!a|b)[^/]+)/x", {"/c/x"}, {"/a/x", "/bc/x", "/c"}},
        {"/((?!.*\\.).*)", {"/a/b"}, {"/a.b", "/a/b.c"}},
        {"/:a-:b", {"/x-y", "/x-y-z"}, {"/x", "/x-", "/x-y/"}},
        {"/x/:a?", {"/x", "/x/y"}, {"/x/", "/x/y/", "/x/y/z"}},
        {"/:a*/x", {"/x", "/a/x", "/a/b/x"}, {"/x/", "/a"}},
        {"/post/:id(\\d{1,})", {"/post/1", "/post/22"}, {"/post/", "/post/a", "/post/1/"}},
        {"/x{-:a-}+", {"/x-1-", "/x-1--2-"}, {"/x", "/x-1"}},
        {"/:a.:b", {"/x.y", "/x.y.z"}, {"/x", "/x/y"}},
        {"/(a|b)/c", {"/a/c", "/b/c"}, {"/ab/c", "/c"}},
        {"/:path(.*\\.html)", {"/x.html", "/a/x.html"}, {"/x.htm"}},
        {"/:file(en|de)?", {"", "/en"}, {"/fr", "/"}},
        {"/a%20b/(.*)", {"/a b/"}, {"/a%20b/"}},
        {"/caf\xC3\xA9-:x", {"/caf\xC3\xA9-1"}, {"/cafe-1"}},
        {"/A/(.*)", {"/A/x"}, {"/a/x"}},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_TRUE(source) << one.source << ": " << source.error().message;
        for (const std::string_view path : one.yes)
            EXPECT_TRUE(matches(source->pattern, path)) << one.source << " " << path;
        for (const std::string_view path : one.no)
            EXPECT_FALSE(matches(source->pattern, path)) << one.source << " " << path;
    }
}

TEST(PathToRegexp, puts_a_look_ahead_behind_fixed_text_into_unless) {
    struct {
        std::string_view source, regex, unless;
    } const cases[] = {
        {"/((?!api/).*)", "(?:/(?P<g0>.*))", "/(?:api/)"},
        {"/docs/((?!a|b).*)", "(?:/(?P<g0>.*))", "/(?:a|b)"},
        {"/docs-((?!a).*)", "/docs\\-(?P<g0>.*)", "/docs\\-(?:a)"},
        {"/:l/((?!a).*)", "(?:/(?P<l>[^/]+?))(?:/(?P<g0>.*))", "/[^/]+/(?:a)"},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_TRUE(source) << one.source << ": " << source.error().message;
        EXPECT_EQ(source->pattern.regex, one.regex) << one.source;
        EXPECT_EQ(source->pattern.unless, std::vector<std::string>{std::string(one.unless)});
    }
}

TEST(PathToRegexp, names_captures_in_the_order_of_writing) {
    struct {
        std::string_view source;
        std::vector<SourceCapture> captures;
    } const cases[] = {
        {"/a", {}},
        {"/:a/:b", {{"a", "a"}, {"b", "b"}}},
        {"/(a)/:x/(b)", {{"0", "g0"}, {"x", "x"}, {"1", "g1"}}},
        {"/:g0/(b)", {{"g0", "g0"}, {"0", "g0_"}}},
        {"/:a/:a", {{"", "g0"}, {"a", "a"}}},
        {"/:1", {{"1", "1"}}},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_TRUE(source) << one.source << ": " << source.error().message;
        EXPECT_EQ(source->captures, one.captures) << one.source;
    }
    EXPECT_EQ(parts_text(parse_source("/:a/:a")->pattern), ":g0 :a");
}

TEST(PathToRegexp, captures_what_vercel_captures) {
    const Result<Source> source = parse_source("/:a-:b");
    std::string a;
    std::string b;
    ASSERT_TRUE(re2::RE2::FullMatch("/x-y-z", source->pattern.regex, &a, &b));
    EXPECT_EQ(a, "x");
    EXPECT_EQ(b, "y-z");
}

TEST(PathToRegexp, says_what_it_does_not_understand) {
    struct {
        std::string source;
        std::string_view word;
    } const cases[] = {
        {"", "empty"},
        {"a", "must begin with '/'"},
        {"/*", "stands alone"},
        {"/a?", "stands alone"},
        {"/a+b", "stands alone"},
        {"/:", "no name"},
        {"/:-a", "no name"},
        {"/a\\", "backslash"},
        {"/a}", "no '{' before"},
        {"/a{b", "never closed"},
        {"/a{:b:c}", "more than one"},
        {"/a{b{c}}", "more than one"},
        {"/a(b", "never closed"},
        {"/a()", "is empty"},
        {"/a(?:b)", "may not begin with '?'"},
        {"/((a)b)", "stands in another"},
        {"/a//b", "'//'"},
        {"/a\\?b", "'?'"},
        {"/a#b", "'#'"},
        {"/a\nb", "control character"},
        {std::string("/a\0b", 4), "control character"},
        {"/(a(?=b).*)", "look-ahead '(?=…)'"},
        {"/((?<=a)b)", "look-behind '(?<=…)'"},
        {"/((?<!a)b)", "look-behind '(?<!…)'"},
        {"/(.*(?!b))", "look-ahead '(?!…)'"},
        {"/((?!a)x|y)", "look-ahead '(?!…)'"},
        {"/((?!a).*)?", "look-ahead '(?!…)'"},
        {"/:p((?!a)[^/]+)*", "look-ahead '(?!…)'"},
        {"/(\\d+)/((?!a).*)", "look-ahead '(?!…)'"},
        {"/((?!a(?!b)).*)", "look-ahead '(?!…)'"},
        {"/((?:a?(?!b)).*)", "look-ahead '(?!…)'"},
        {"/(a|b)(\\1)", "back-reference '\\1'"},
        {"/(\\k<a>)", "back-reference '\\k'"},
        {"/([)", "not understood"},
        {"/(a**)", "not understood"},
        {"/([b-a])", "not understood"},
        {"/(a{1001})", "not understood"},
        {"/((?:(?:a{100}){100}){100})", "not understood"},
    };
    for (const auto& one : cases) {
        const Result<Source> source = parse_source(one.source);
        ASSERT_FALSE(source) << one.source;
        EXPECT_NE(source.error().message.find(one.word), std::string::npos)
            << one.source << ": " << source.error().message;
        EXPECT_EQ(source.error().failure, Failure::invalid);
    }
}

TEST(PathToRegexp, ends_on_hostile_sources) {
    const std::string pieces[] = {"/",    "(",    ")",      "{",    "}",    "\\",  ":a",
                                  ":",    "*",    "(?!",    "(?:",  "[",    "|",   "/(a)",
                                  "/:a*", "\xff", "(\xff)", "/:a(", "((?:", "/:a?"};
    for (const std::string& first : pieces) {
        for (const std::string& second : pieces) {
            std::string text = "/";
            while (text.size() < 4096)
                text += first + second;
            (void)parse_source(text);
            (void)parse_source("/(" + text);
            (void)parse_source("/(" + text + ")");
        }
    }
}

}  // namespace
}  // namespace berth::rules

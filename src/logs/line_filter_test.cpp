#include "logs/line_filter.hpp"

#include <gtest/gtest.h>

namespace berth::logs {
namespace {

jobs::Line line(std::string text, jobs::Level level = jobs::Level::info,
                jobs::Step step = jobs::Step::build) {
    return {.level = level, .step = step, .text = std::move(text)};
}

LineFilter filter(LineWish wish) {
    return LineFilter::of(std::move(wish)).value();
}

TEST(LineFilter, finds_a_text_whatever_its_letters_mean_in_an_expression) {
    const LineFilter plain = filter({.text = "a.b("});
    EXPECT_TRUE(plain.takes(line("x A.B( y")));
    EXPECT_FALSE(plain.takes(line("xaxb(")));
    const LineFilter exact = filter({.text = "Error", .match_case = true});
    EXPECT_TRUE(exact.takes(line("TypeError: x")));
    EXPECT_FALSE(exact.takes(line("no errors")));
}

TEST(LineFilter, finds_what_an_expression_matches) {
    const LineFilter numbered = filter({.text = "TS[0-9]{4}$", .matching = Matching::regex});
    EXPECT_TRUE(numbered.takes(line("error ts2304")));
    EXPECT_FALSE(numbered.takes(line("error TS2304: no name")));
}

TEST(LineFilter, looks_at_levels_and_steps) {
    const LineFilter errors = filter({.level = jobs::Level::warning, .step = jobs::Step::install});
    EXPECT_TRUE(errors.takes(line("x", jobs::Level::error, jobs::Step::install)));
    EXPECT_TRUE(errors.takes(line("x", jobs::Level::warning, jobs::Step::install)));
    EXPECT_FALSE(errors.takes(line("x", jobs::Level::info, jobs::Step::install)));
    EXPECT_FALSE(errors.takes(line("x", jobs::Level::error, jobs::Step::build)));
    EXPECT_TRUE(filter({}).takes(line("")));
}

TEST(LineFilter, looks_at_what_a_reader_sees) {
    EXPECT_EQ(without_escapes("\x1b[1;32mvite\x1b[0m v8 \x1b]0;title\x07"
                              "up\x1b"),
              "vite v8 up");
    EXPECT_EQ(without_escapes("a\x1b]8;;http://x\x1b\\b\x1b(B"
                              "c"),
              "ab"
              "Bc");
    EXPECT_TRUE(filter({.text = "vite v8"}).takes(line("\x1b[32mvite\x1b[0m v8")));
    EXPECT_FALSE(filter({.text = "32m"}).takes(line("\x1b[32mvite\x1b[0m v8")));
}

TEST(LineFilter, refuses_what_is_no_expression_or_too_large_to_run) {
    const std::string many(LineFilter::text_bytes_max + 1, 'a');
    for (const std::string& text :
         {std::string("("), std::string("a**"), std::string("[z-a]"), std::string("(?=a)"),
          std::string("(a)\\1"), std::string("a{2000}"), std::string("((a{100}){100}){100}"),
          many}) {
        const Result<LineFilter> refused =
            LineFilter::of({.text = text, .matching = Matching::regex});
        ASSERT_FALSE(refused) << text;
        EXPECT_EQ(refused.error().code, "invalid_pattern") << text;
    }
    EXPECT_TRUE(LineFilter::of({.text = "a**"}));
}

/// With an engine that goes back, any of these takes longer than the age of the universe.
TEST(LineFilter, takes_hostile_expressions_through_long_lines) {
    const std::string longest(16 << 10, 'a');
    for (const char* text : {"(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)(.*)(.*)(.*)b", "(a?){40}b"}) {
        const LineFilter hostile = filter({.text = text, .matching = Matching::regex});
        EXPECT_FALSE(hostile.takes(line(longest))) << text;
        EXPECT_TRUE(hostile.takes(line("aab"))) << text;
    }
}

}  // namespace
}  // namespace berth::logs

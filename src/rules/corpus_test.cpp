/// Replays what the fuzzer of rules begins with and has found.

#include <gtest/gtest.h>

#include "rules/fuzzing.hpp"

namespace berth::rules {
namespace {

TEST(Corpus, of_rules_breaks_no_promise) {
    EXPECT_GT(fuzzing::replay(BERTH_CORPUS, testing::check_rules), 10U);
}

}  // namespace
}  // namespace berth::rules

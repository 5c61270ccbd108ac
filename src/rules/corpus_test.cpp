/// Replays what the fuzzer of rules begins with and has found.

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.hpp"
#include "rules/fuzzing.hpp"

namespace berth::rules {
namespace {

TEST(Corpus, of_rules_breaks_no_promise) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(BERTH_CORPUS)) {
        testing::check_rules(read_file(entry.path()).value());
        ++count;
    }
    EXPECT_GT(count, 10u);
}

}  // namespace
}  // namespace berth::rules

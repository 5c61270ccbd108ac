#include "engines/thrashing.hpp"

#include <gtest/gtest.h>

namespace berth::engines {
namespace {

/// As seen at a node that fills 200 MiB: machine A, 25 November 2026.
constexpr Memory full{
    .limit_bytes = 209'715'200, .used_bytes = 209'698'816, .file_bytes = 1'830'912};
constexpr std::uint64_t refaults_a_second = 140'000;
constexpr std::uint64_t major_faults_a_second = 330;

/// Whether `seconds` of such looks, each `refaults` and `faults` further, count as thrashing.
bool lasts(Memory look, unsigned seconds, std::uint64_t refaults, std::uint64_t faults) {
    Thrashing thrashing;
    bool result = thrashing.lasts(look);
    for (unsigned second = 0; second < seconds; ++second) {
        look.refaults += refaults;
        look.major_faults += faults;
        result = thrashing.lasts(look);
    }
    return result;
}

TEST(Thrashing, is_ten_seconds_without_progress) {
    EXPECT_FALSE(lasts(full, 9, refaults_a_second, major_faults_a_second));
    EXPECT_TRUE(lasts(full, 10, refaults_a_second, major_faults_a_second));
}

TEST(Thrashing, is_not_a_full_page_cache) {
    Memory cached = full;
    cached.file_bytes = full.limit_bytes / 2;
    EXPECT_FALSE(lasts(cached, 60, refaults_a_second, major_faults_a_second));
}

TEST(Thrashing, is_not_reading_much_below_the_limit) {
    Memory roomy = full;
    roomy.used_bytes = full.limit_bytes / 2;
    EXPECT_FALSE(lasts(roomy, 60, refaults_a_second, major_faults_a_second));
}

TEST(Thrashing, is_not_a_search_through_files_at_the_limit) {
    EXPECT_FALSE(lasts(full, 60, refaults_a_second, 3));
}

TEST(Thrashing, is_not_a_run_that_stands_still) {
    EXPECT_FALSE(lasts(full, 60, 0, 0));
    EXPECT_FALSE(lasts({}, 60, 0, 0));  // where the kernel says nothing
}

TEST(Thrashing, begins_anew_after_a_second_of_progress) {
    Thrashing thrashing;
    Memory look = full;
    for (unsigned second = 0; second < 30; ++second) {
        EXPECT_FALSE(thrashing.lasts(look)) << second;
        look.major_faults += major_faults_a_second;
        if (second % 9 != 0) look.refaults += refaults_a_second;
    }
}

}  // namespace
}  // namespace berth::engines

#include "builds/side_by_side.hpp"

#include <gtest/gtest.h>

namespace berth::builds {
namespace {

TEST(SideBySide, does_each_once) {
    SideBySide side_by_side;
    for (const std::size_t count : {0u, 1u, 2u, 1000u}) {
        std::vector<std::atomic<int>> done(count);
        side_by_side.each(count, [&](std::size_t i) { ++done[i]; });
        for (const std::atomic<int>& times : done)
            EXPECT_EQ(times, 1);
    }
}

TEST(SideBySide, does_the_others_when_one_throws_and_says_so) {
    SideBySide side_by_side;
    std::atomic<int> done{0};
    const auto work = [&](std::size_t i) {
        if (i == 3) throw std::runtime_error("the fourth");
        ++done;
    };
    EXPECT_THROW(side_by_side.each(100, work), std::runtime_error);
    EXPECT_EQ(done, 99);
}

}  // namespace
}  // namespace berth::builds

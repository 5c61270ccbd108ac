#include "http/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <vector>

namespace berth::http {
namespace {

constexpr std::int64_t begin_ms = 1'000'020;  // 20 ms into a grain
constexpr std::int64_t first_ms = 1'000'050;  // the end of that grain
constexpr std::size_t all = 1'000'000;

struct Limited final : Expiring {
    void expire() override { ++ended; }
    int ended = 0;
};

class TimerWheelTest : public testing::Test {
protected:
    /// How many were due by then.
    std::size_t ends(std::int64_t now_ms, std::size_t most = all) {
        TimerWheel::List due;
        wheel_.take_due(now_ms, most, due);
        std::size_t count = 0;
        for (; !due.empty(); ++count) {
            Expiring& one = due.front();
            one.unlink();
            one.expire();
        }
        return count;
    }

    TimerWheel wheel_{begin_ms};
    Limited one_{};
};

TEST_F(TimerWheelTest, has_nothing_to_do_without_limits) {
    EXPECT_EQ(wheel_.next_ms(), TimerWheel::never);
    EXPECT_EQ(ends(begin_ms + 10'000'000), 0U);
    EXPECT_EQ(wheel_.next_ms(), TimerWheel::never);
}

TEST_F(TimerWheelTest, rounds_a_limit_up) {
    EXPECT_EQ(wheel_.set(one_, begin_ms + 1), first_ms);
    EXPECT_EQ(wheel_.next_ms(), first_ms);
    EXPECT_EQ(ends(first_ms - 1), 0U);
    EXPECT_EQ(ends(first_ms), 1U);
    EXPECT_EQ(one_.ended, 1);
    EXPECT_EQ(ends(first_ms + 500'000), 0U);
    EXPECT_EQ(wheel_.next_ms(), TimerWheel::never);
}

TEST_F(TimerWheelTest, ends_a_limit_that_is_over_already) {
    wheel_.set(one_, begin_ms - 5'000);
    EXPECT_LE(wheel_.next_ms(), begin_ms);
    EXPECT_EQ(ends(begin_ms), 1U);
}

TEST_F(TimerWheelTest, puts_a_limit_off) {
    wheel_.set(one_, first_ms);
    EXPECT_EQ(wheel_.set(one_, first_ms + 1'000), first_ms);  // looked at, but not over
    EXPECT_EQ(ends(first_ms + 999), 0U);
    EXPECT_EQ(wheel_.next_ms(), first_ms + 1'000);
    EXPECT_EQ(ends(first_ms + 1'000), 1U);
}

TEST_F(TimerWheelTest, brings_a_limit_forward) {
    wheel_.set(one_, first_ms + 60'000);
    EXPECT_EQ(wheel_.set(one_, first_ms + 100), first_ms + 100);
    EXPECT_EQ(ends(first_ms + 99), 0U);
    EXPECT_EQ(ends(first_ms + 100), 1U);
    EXPECT_EQ(ends(first_ms + 60'000), 0U);
}

TEST_F(TimerWheelTest, forgets_what_is_cleared_or_destroyed) {
    wheel_.set(one_, first_ms);
    TimerWheel::clear(one_);
    TimerWheel::clear(one_);
    {
        Limited gone;
        wheel_.set(gone, first_ms + 100);
    }
    EXPECT_EQ(wheel_.next_ms(), TimerWheel::never);
    EXPECT_EQ(ends(first_ms + 1'000), 0U);
    wheel_.set(one_, first_ms + 2'000);
    EXPECT_EQ(ends(first_ms + 2'000), 1U);
}

TEST_F(TimerWheelTest, gives_at_most_so_many_at_a_time_and_loses_none) {
    std::deque<Limited> many(10);
    for (Limited& each : many)
        wheel_.set(each, first_ms);
    Limited later;
    wheel_.set(later, first_ms + 50);
    EXPECT_EQ(ends(first_ms + 50, 4), 4U);
    EXPECT_EQ(wheel_.next_ms(), first_ms);
    EXPECT_EQ(ends(first_ms + 50, 4), 4U);
    EXPECT_EQ(ends(first_ms + 50, 4), 3U);
    for (const Limited& each : many)
        EXPECT_EQ(each.ended, 1);
    EXPECT_EQ(later.ended, 1);
}

TEST_F(TimerWheelTest, keeps_limits_that_are_longer_than_a_round) {
    const std::int64_t hour_ms = first_ms + 3'600'000;
    wheel_.set(one_, hour_ms);
    int looks = 0;
    for (std::int64_t now = wheel_.next_ms(); now < hour_ms; now = wheel_.next_ms(), ++looks)
        ASSERT_EQ(ends(now), 0U);
    EXPECT_LE(looks, 36);  // not each time that anything may be due
    EXPECT_EQ(wheel_.next_ms(), hour_ms);
    EXPECT_EQ(ends(hour_ms), 1U);
}

TEST_F(TimerWheelTest, ends_what_became_due_while_nobody_looked) {
    std::deque<Limited> many(5'000);
    std::int64_t at_ms = first_ms;
    for (Limited& each : many)
        wheel_.set(each, at_ms += 50);
    EXPECT_EQ(ends(at_ms - 50), 4'999U);
    EXPECT_EQ(ends(at_ms), 1U);
}

/// What is promised, kept by looking at everything.
struct Model {
    Limited limited{};
    std::int64_t at_ms = TimerWheel::never;
    int ended = 0;
};

std::int64_t rounded_up(std::int64_t ms) {
    return (ms + 49) / 50 * 50;
}

TEST_F(TimerWheelTest, does_what_a_list_does_that_is_looked_through) {
    std::mt19937 dice(20);  // the same each time
    const auto throw_dice = [&](int most) { return std::uniform_int_distribution(0, most)(dice); };
    std::deque<Model> models(200);
    std::int64_t now_ms = begin_ms;
    for (int step = 0; step < 20'000; ++step) {
        Model& model = models[static_cast<std::size_t>(throw_dice(199))];
        if (throw_dice(9) == 0) {
            TimerWheel::clear(model.limited);
            model.at_ms = TimerWheel::never;
        } else {
            const std::int64_t limit_ms = throw_dice(throw_dice(99) == 0 ? 300'000 : 2'000);
            wheel_.set(model.limited, now_ms + limit_ms);
            model.at_ms = rounded_up(now_ms + limit_ms);
        }
        now_ms += throw_dice(throw_dice(999) == 0 ? 200'000 : 60);
        ends(now_ms);
        std::int64_t first = TimerWheel::never;
        for (Model& each : models) {
            if (each.at_ms <= now_ms) {
                ++each.ended;
                each.at_ms = TimerWheel::never;
            }
            first = std::min(first, each.at_ms);
            ASSERT_EQ(each.limited.ended, each.ended) << "step " << step;
        }
        ASSERT_LE(wheel_.next_ms(), first);
        ASSERT_GT(wheel_.next_ms(), now_ms);
    }
}

}  // namespace
}  // namespace berth::http

#include "traffic/histogram.hpp"

#include <gtest/gtest.h>

namespace berth::traffic {
namespace {

TEST(HistogramTest, every_time_is_in_a_bucket_that_ends_at_most_an_eighth_later) {
    for (std::uint64_t us = 0; us < 1u << 27; us = us + 1 + us / 97) {
        const std::size_t bucket = bucket_of(us);
        ASSERT_LT(bucket, buckets_max) << us;
        const std::uint64_t end = bucket_end_us(bucket);
        ASSERT_GT(end, us);
        ASSERT_LE(end - us, 1 + us / 8) << us;
        if (bucket > 0) {
            ASSERT_LE(bucket_end_us(bucket - 1), us) << us;
        }
    }
}

TEST(HistogramTest, what_is_slower_than_the_last_bucket_is_in_it) {
    EXPECT_EQ(bucket_of((1u << 27) - 1), buckets_max - 1);
    EXPECT_EQ(bucket_of(1u << 27), buckets_max - 1);
    EXPECT_EQ(bucket_of(UINT64_MAX), buckets_max - 1);
    EXPECT_EQ(bucket_end_us(buckets_max - 1), 1u << 27);
}

TEST(HistogramTest, percentiles_are_those_of_the_sorted_times) {
    Buckets buckets{};
    for (std::uint64_t us = 1; us <= 1'000; ++us)
        ++buckets[bucket_of(us)];
    const std::vector<Bucket> list = filled(buckets);
    for (const unsigned percent : {1u, 50u, 90u, 99u, 100u}) {
        const std::uint64_t exact = percent * 10;
        const std::uint64_t told = percentile_us(list, percent).value();
        EXPECT_GT(told, exact) << percent;
        EXPECT_LE(told, exact + exact / 8 + 1) << percent;
    }
    EXPECT_EQ(percentile_us({}, 50), std::nullopt);
    EXPECT_EQ(percentile_us({{3, 1}}, 1), 4u);
    EXPECT_EQ(percentile_us({{3, 1}, {9, 1}}, 50), 4u);
    EXPECT_EQ(percentile_us({{3, 1}, {9, 1}}, 51), bucket_end_us(9));
}

TEST(HistogramTest, two_become_one) {
    std::vector<Bucket> into{{1, 2}, {7, 1}};
    add(into, {{0, 1}, {7, 4}, {9, 1}});
    std::string text;
    for (const Bucket& bucket : into)
        text += fmt::format("{}:{} ", bucket.bucket, bucket.requests);
    EXPECT_EQ(text, "0:1 1:2 7:5 9:1 ");
}

}  // namespace
}  // namespace berth::traffic

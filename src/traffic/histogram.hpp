#pragma once
/// How long answers took, in fixed memory: eight buckets per doubling, so that what a percentile
/// says is at most an eighth too much. 200 buckets reach from 1 µs to 134 s; what is slower is in
/// the last.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.hpp"

namespace berth::traffic {

inline constexpr std::size_t buckets_max = 200;

/// What one loop counts in: no allocation, no lock.
using Buckets = std::array<std::uint32_t, buckets_max>;

std::size_t bucket_of(std::uint64_t us);

/// The least time that is above all of the bucket.
std::uint64_t bucket_end_us(std::size_t bucket);

/// One bucket that is not empty, as it is sent and stored.
struct Bucket {
    std::uint32_t bucket = 0;
    std::uint64_t requests = 0;
};
BOOST_DESCRIBE_STRUCT(Bucket, (), (bucket, requests))

/// In their order, without the empty ones.
std::vector<Bucket> filled(const Buckets& buckets);

/// Adds `more` to `into`; both are in order, and so is what comes out.
void add(std::vector<Bucket>& into, const std::vector<Bucket>& more);

/// The time that `percent` (1 to 100) of the answers did not exceed. Nothing: there were none.
std::optional<std::uint64_t> percentile_us(const std::vector<Bucket>& buckets, unsigned percent);

}  // namespace berth::traffic

#include "traffic/histogram.hpp"

#include <algorithm>
#include <bit>
#include <map>

namespace berth::traffic {

namespace {

constexpr unsigned parts_bits = 3;  // eight per doubling
constexpr std::uint64_t parts = 1u << parts_bits;

}  // namespace

std::size_t bucket_of(std::uint64_t us) {
    if (us < parts) return static_cast<std::size_t>(us);
    const auto exponent = static_cast<unsigned>(std::bit_width(us)) - 1;
    const std::uint64_t part = (us >> (exponent - parts_bits)) & (parts - 1);
    const std::uint64_t bucket = (exponent - parts_bits + 1) * parts + part;
    return static_cast<std::size_t>(std::min<std::uint64_t>(bucket, buckets_max - 1));
}

std::uint64_t bucket_end_us(std::size_t bucket) {
    if (bucket < parts) return bucket + 1;
    const std::uint64_t doubling = bucket / parts - 1;
    return (parts + bucket % parts + 1) << doubling;
}

std::vector<Bucket> filled(const Buckets& buckets) {
    std::vector<Bucket> list;
    for (std::size_t at = 0; at < buckets.size(); ++at) {
        if (buckets[at] > 0) list.push_back({static_cast<std::uint32_t>(at), buckets[at]});
    }
    return list;
}

void add(std::vector<Bucket>& into, const std::vector<Bucket>& more) {
    std::map<std::uint32_t, std::uint64_t> sum;
    for (const std::vector<Bucket>* list : {&std::as_const(into), &more}) {
        for (const Bucket& bucket : *list)
            sum[bucket.bucket] += bucket.requests;
    }
    into.clear();
    for (const auto& [bucket, requests] : sum)
        into.push_back({bucket, requests});
}

std::optional<std::uint64_t> percentile_us(const std::vector<Bucket>& buckets, unsigned percent) {
    std::uint64_t all = 0;
    for (const Bucket& bucket : buckets)
        all += bucket.requests;
    if (all == 0) return std::nullopt;
    // Rounded up: of two answers, 50 % is the first.
    const std::uint64_t wanted = std::max<std::uint64_t>(1, (all * percent + 99) / 100);
    std::uint64_t seen = 0;
    for (const Bucket& bucket : buckets) {
        seen += bucket.requests;
        if (seen >= wanted) return bucket_end_us(bucket.bucket);
    }
    return bucket_end_us(buckets.back().bucket);
}

}  // namespace berth::traffic

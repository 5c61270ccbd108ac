#include "edge/host_index.hpp"

#include <bit>
#include <cassert>
#include <limits>

namespace berth::edge {

HostIndex::HostIndex(std::vector<std::uint64_t> hosts, std::vector<Place> places)
    : hosts_(std::move(hosts)), places_(std::move(places)) {
    assert(hosts_.size() == places_.size());
    assert(hosts_.size() < std::numeric_limits<std::uint32_t>::max());
    // Two to four entries share their first bits.
    while ((std::size_t{4} << directory_bits_) < hosts_.size())
        ++directory_bits_;
    const std::size_t buckets = std::size_t{1} << directory_bits_;
    directory_.reserve(buckets + 1);
    for (std::uint32_t number = 0; number < hosts_.size(); ++number) {
        while (directory_.size() <= hosts_[number] >> (64 - directory_bits_))
            directory_.push_back(number);
    }
    directory_.resize(buckets + 1, static_cast<std::uint32_t>(hosts_.size()));
}

std::optional<Place> HostIndex::find(std::uint64_t host) const {
    if (hosts_.empty()) return std::nullopt;
    const std::size_t bucket = host >> (64 - directory_bits_);
    for (std::size_t at = directory_[bucket]; at < directory_[bucket + 1]; ++at) {
        if (hosts_[at] == host) return places_[at];
    }
    return std::nullopt;
}

HostIndex::Range HostIndex::shard(std::size_t number) const {
    if (hosts_.empty()) return {};
    const int more = directory_bits_ - shard_bits;
    return {directory_[number << more], directory_[(number + 1) << more]};
}

}  // namespace berth::edge

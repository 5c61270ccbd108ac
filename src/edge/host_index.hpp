#pragma once
/// The places of very many hosts, immutable: 16 bytes a host, sorted by fingerprint, and 1 to 2
/// more for a directory by its first bits. What changed since it was made is in host_table.hpp.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "edge/place.hpp"

namespace berth::edge {

struct HostEntry {
    std::uint64_t host = 0;  // fingerprint
    Place place{};
};

/// Everything that walks over all hosts does so in so many pieces, by the first bits.
inline constexpr int shard_bits = 10;
inline constexpr std::size_t shard_count = std::size_t{1} << shard_bits;
inline std::size_t shard_of(std::uint64_t host) {
    return host >> (64 - shard_bits);
}

class HostIndex {
public:
    HostIndex() = default;
    /// Ascending and without equals; both of one size.
    HostIndex(std::vector<std::uint64_t> hosts, std::vector<Place> places);

    /// In constant time: fingerprints are spread evenly.
    std::optional<Place> find(std::uint64_t host) const;

    std::size_t size() const { return hosts_.size(); }
    HostEntry at(std::size_t number) const { return {hosts_[number], places_[number]}; }
    /// The numbers of the shard's entries: from the first up to the second.
    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    Range shard(std::size_t number) const;

    std::span<const std::uint64_t> hosts() const { return hosts_; }
    std::span<const Place> places() const { return places_; }

private:
    std::vector<std::uint64_t> hosts_{};
    std::vector<Place> places_{};
    int directory_bits_ = shard_bits;
    std::vector<std::uint32_t> directory_{};  // by the first bits: the first entry that has them
};

}  // namespace berth::edge

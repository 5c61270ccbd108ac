#pragma once
/// The most frequent names of a stream in fixed memory, by the space-saving sketch: a new name
/// takes the place of the least frequent one and inherits its count as its possible error. What
/// comes more often than once in `names_max` is certain to be there.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "traffic/report.hpp"

namespace berth::traffic {

class TopList {
public:
    static constexpr std::size_t names_max = 32;
    static constexpr std::size_t name_bytes_max = 120;  // longer ones are cut, and end with "…"

    /// Allocates nothing.
    void count(std::string_view name);

    /// The most frequent first.
    std::vector<Ranked> ranked() const;

private:
    std::string_view name_at(std::size_t at) const { return {names_[at].data(), sizes_[at]}; }
    void put(std::size_t at, std::uint32_t hash, std::string_view name);

    std::size_t size_ = 0;
    std::array<std::uint32_t, names_max> hashes_{};
    std::array<std::uint32_t, names_max> requests_{};
    std::array<std::uint32_t, names_max> errors_{};
    std::array<std::uint8_t, names_max> sizes_{};
    std::array<std::array<char, name_bytes_max>, names_max> names_{};
};

}  // namespace berth::traffic

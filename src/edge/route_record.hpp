#pragma once
/// One line of our own disk's memory of routes. Files of them are only ever appended to; each
/// record has a checksum, and what follows a damaged one is found again.
///
///     magic u32 · checksum u32 of all that follows · JSON bytes u32 · kind u8 · host bytes u8 · 0
///     u16 host · JSON

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth::edge {

struct RouteRecord {
    enum class Kind : std::uint8_t {
        route = 1,       // `json`: artifacts::Route
        gone = 2,        // the host was withdrawn
        generation = 3,  // `json`: a number; all before it is of that generation
        unsure = 4,      // the host's newest route did not hold: the store is to be looked at again
    };
    Kind kind = Kind::route;
    std::string host{};
    std::string json{};
};

inline constexpr std::size_t record_json_bytes_max = 512 << 10;
inline constexpr std::size_t record_host_bytes_max = 253;

/// CRC-32 of `bytes`; `before`: of the bytes before them.
std::uint32_t checksum(std::string_view bytes, std::uint32_t before = 0);

std::string pack(const RouteRecord& record);

/// Errors: invalid — there is no whole record at `offset`; unavailable — the disk does not give it.
Result<RouteRecord> read_record(int file, std::uint64_t offset);

/// Calls `take(offset, record)` for each whole record from `begin` up to `end`. Returns how often
/// something else lay between them.
std::size_t scan_records(int file, std::uint64_t begin, std::uint64_t end,
                         const std::function<void(std::uint64_t, RouteRecord)>& take);

}  // namespace berth::edge

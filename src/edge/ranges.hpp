#pragma once
/// What a Range field asks for (RFC 9110 §14). Pure; whatever is malformed counts as not sent.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace berth::edge {

struct Range {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;

    std::uint64_t end() const { return offset + bytes; }
    bool operator==(const Range&) const = default;
};

enum class RangeKind { whole, part, unsatisfiable };

inline constexpr std::size_t listed_ranges_max = 64;  // as received
inline constexpr std::size_t ranges_max = 16;         // after joining

/// The ranges of `bytes=` that a file of `bytes` has, in the order they were asked for; those that
/// overlap or touch are one. Other units, malformed fields and more ranges than anybody needs are
/// the whole (RFC 9110 §14.2 lets a server pass over them); when the file has none of them, they
/// are unsatisfiable.
RangeKind parse_ranges(std::string_view field, std::uint64_t bytes, std::vector<Range>& into);

}  // namespace berth::edge

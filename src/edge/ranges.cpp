#include "edge/ranges.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "edge/negotiation.hpp"
#include "http/head_parser.hpp"

namespace berth::edge {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{}) return UINT64_MAX;  // beyond any file
    return number;
}

/// One of the list: `whole` when it is malformed.
RangeKind parse_range(std::string_view spec, std::uint64_t bytes, Range& into) {
    const std::size_t hyphen = spec.find('-');
    if (hyphen == spec.npos) return RangeKind::whole;
    const auto first = parse_number(spec.substr(0, hyphen));
    const auto last = parse_number(spec.substr(hyphen + 1));
    if (hyphen == 0) {
        if (!last) return RangeKind::whole;
        if (*last == 0 || bytes == 0) return RangeKind::unsatisfiable;
        into.bytes = std::min(*last, bytes);
        into.offset = bytes - into.bytes;
        return RangeKind::part;
    }
    const bool open = hyphen + 1 == spec.size();
    if (!first || (!last && !open) || (last && *last < *first)) return RangeKind::whole;
    if (*first >= bytes) return RangeKind::unsatisfiable;
    into.offset = *first;
    into.bytes = (open ? bytes - 1 : std::min(*last, bytes - 1)) - *first + 1;
    return RangeKind::part;
}

bool touch(const Range& a, const Range& b) {
    return a.offset <= b.end() && b.offset <= a.end();
}

/// Adds `range`, joined with those that it overlaps or touches, where the first of them stands.
void join(std::vector<Range>& ranges, Range range) {
    std::size_t place = ranges.size();
    for (std::size_t at = 0; at < ranges.size();) {  // each round ends later, or has one less
        if (!touch(ranges[at], range)) {
            ++at;
            continue;
        }
        const std::uint64_t end = std::max(range.end(), ranges[at].end());
        range.offset = std::min(range.offset, ranges[at].offset);
        range.bytes = end - range.offset;
        place = std::min(place, at);
        ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(at));
        at = 0;  // it has grown: those before may touch it now
    }
    place = std::min(place, ranges.size());
    ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(place), range);
}

}  // namespace

RangeKind parse_ranges(std::string_view field, std::uint64_t bytes, std::vector<Range>& into) {
    constexpr std::string_view unit = "bytes=";
    into.clear();
    if (field.size() < unit.size() ||
        !http::equal_but_for_case(field.substr(0, unit.size()), unit)) {
        return RangeKind::whole;
    }
    std::string_view list = field.substr(unit.size());
    std::size_t listed = 0;
    while (!list.empty()) {
        const std::string_view spec = next_element(list);
        if (spec.empty()) continue;  // RFC 9110 §5.6.1.2: empty elements count for nothing
        if (++listed > listed_ranges_max) return RangeKind::whole;
        Range range;
        const RangeKind kind = parse_range(spec, bytes, range);
        if (kind == RangeKind::whole) return kind;
        if (kind == RangeKind::part) join(into, range);
    }
    if (listed == 0 || into.size() > ranges_max) return RangeKind::whole;
    return into.empty() ? RangeKind::unsatisfiable : RangeKind::part;
}

}  // namespace berth::edge

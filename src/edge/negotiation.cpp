#include "edge/negotiation.hpp"

#include <algorithm>
#include <charconv>

#include "http/head_parser.hpp"

namespace berth::edge {

namespace {

using http::equal_but_for_case;
using http::trim;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The next element of a comma-separated list, trimmed.
std::string_view next_element(std::string_view& list) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    return element;
}

/// "0.5" → 500; malformed: 0, the careful reading.
int parse_weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
    if (text.size() > 1 && text[1] != '.') return 0;
    int weight = (text[0] - '0') * 1000;
    int unit = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!is_digit(c)) return 0;
        weight += (c - '0') * unit;
        unit /= 10;
    }
    return std::min(weight, 1000);
}

/// Splits `"gzip;q=0.5"`; other parameters are passed over.
std::pair<std::string_view, int> split_weight(std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trim(element.substr(0, semicolon));
    std::string_view rest = element.substr(std::min(semicolon + 1, element.size()));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view parameter = trim(rest.substr(0, end));
        if (parameter.size() > 2 && (parameter[0] == 'q' || parameter[0] == 'Q') &&
            parameter[1] == '=') {
            return {name, parse_weight(parameter.substr(2))};
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {name, 1000};
}

bool has_media(std::string_view accept, std::initializer_list<std::string_view> wanted) {
    while (!accept.empty()) {
        const auto [name, weight] = split_weight(next_element(accept));
        for (const std::string_view media : wanted) {
            if (weight > 0 && equal_but_for_case(name, media)) return true;
        }
    }
    return false;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{}) return UINT64_MAX;  // beyond any file
    return number;
}

}  // namespace

std::string_view suffix_of(Coding coding) {
    switch (coding) {
        case Coding::br:
            return ".br";
        case Coding::gzip:
            return ".gz";
        case Coding::identity:
            break;
    }
    return "";
}

Wanted parse_accept_encoding(std::string_view field) {
    std::optional<int> br, gzip, identity, others;
    while (!field.empty()) {
        const auto [name, weight] = split_weight(next_element(field));
        if (equal_but_for_case(name, "br")) br = weight;
        if (equal_but_for_case(name, "gzip") || equal_but_for_case(name, "x-gzip")) gzip = weight;
        if (equal_but_for_case(name, "identity")) identity = weight;
        if (name == "*") others = weight;
    }
    return {br.value_or(others.value_or(0)), gzip.value_or(others.value_or(0)),
            identity.value_or(others.value_or(1))};
}

bool accepts_html(std::string_view accept) {
    return accept.empty() || has_media(accept, {"text/html", "text/*", "*/*"});
}

bool names_html(std::string_view accept) {
    return has_media(accept, {"text/html", "application/xhtml+xml"});
}

bool lists_etag(std::string_view list, std::string_view etag, Comparison comparison) {
    if (trim(list) == "*") return true;
    while (!list.empty()) {
        std::string_view element = next_element(list);  // our tags hold no comma
        if (element.starts_with("W/") && comparison == Comparison::weak) element.remove_prefix(2);
        if (element == etag) return true;
    }
    return false;
}

RangeKind parse_range(std::string_view field, std::uint64_t bytes, Range& into) {
    constexpr std::string_view unit = "bytes=";
    if (field.size() < unit.size() || !equal_but_for_case(field.substr(0, unit.size()), unit)) {
        return RangeKind::whole;
    }
    const std::string_view spec = trim(field.substr(unit.size()));
    const std::size_t hyphen = spec.find('-');
    if (hyphen == spec.npos || spec.find(',') != spec.npos) return RangeKind::whole;
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

}  // namespace berth::edge

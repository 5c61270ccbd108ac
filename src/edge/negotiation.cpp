#include "edge/negotiation.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "http/head_parser.hpp"

namespace berth::edge {

namespace {

using http::equal_but_for_case;
using http::trim;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
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

constexpr std::size_t hash_size_min = 8;

/// Directories that bundlers alone write; there a weaker sign of a hash is enough.
bool is_in_bundle(std::string_view path) {
    constexpr std::array<std::string_view, 9> bundles{"assets/", "static/", "_next/static/",
                                                      "_astro/", "_nuxt/",  "_app/immutable/",
                                                      "chunks/", "build/",  "media/"};
    return std::ranges::any_of(bundles, [path](std::string_view bundle) {
        const std::size_t at = path.find(bundle);
        return at == 0 || (at != path.npos && path[at - 1] == '/');
    });
}

/// How many words, abbreviations and numbers a person would read: "HomePage2" has three.
std::size_t count_words(std::string_view token) {
    std::size_t words = 1;
    for (std::size_t i = 1; i < token.size(); ++i) {
        const char before = token[i - 1];
        const char c = token[i];
        const bool goes_on = (is_digit(before) && is_digit(c)) ||
                             (is_upper(before) && is_upper(c)) ||
                             (is_lower(c) && (is_lower(before) || is_upper(before)));
        words += goes_on ? 0 : 1;
    }
    return words;
}

/// "1920x1080"
bool is_measure(std::string_view token) {
    const std::size_t by = token.find('x');
    return by != token.npos && std::ranges::all_of(token.substr(0, by), is_digit) &&
           std::ranges::all_of(token.substr(by + 1), is_digit);
}

/// Where a token stands, and so how much like a hash it must look.
enum class Place {
    code_of_bundle,   // code in a directory that bundlers write
    other_of_bundle,  // pictures and documents there: people put theirs there too
    elsewhere,
};

/// Whether a person may have written it: a word with a number, a measure, a few words in one.
bool may_be_written(std::string_view token, Place place) {
    if (is_measure(token)) return true;
    const bool code = place == Place::code_of_bundle;
    if (token.find_first_of("-_") != token.npos) {
        return !code || std::ranges::none_of(token, is_upper);
    }
    if (code) return count_words(token) < 3 && std::ranges::none_of(token.substr(1), is_upper);
    return count_words(token) < 4 || token.size() != hash_size_min;  // bundlers cut theirs to eight
}

bool is_hash(std::string_view token, Place place) {
    if (token.size() < hash_size_min) return false;
    bool digit = false, lower = false, upper_inside = false, hex = true, digit_then_letter = false;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const char c = token[i];
        if (!is_digit(c) && !is_lower(c) && !is_upper(c) && c != '_' && c != '-') return false;
        hex = hex && (is_digit(c) || (c >= 'a' && c <= 'f'));
        digit = digit || is_digit(c);
        lower = lower || is_lower(c);
        upper_inside = upper_inside || (is_upper(c) && i > 0);
        if (i > 0 && is_digit(token[i - 1]) && !is_digit(c)) digit_then_letter = true;
    }
    if (hex) return digit && lower && (place == Place::code_of_bundle || count_words(token) > 2);
    if (place != Place::elsewhere) {
        const bool mixed = (digit && (lower || upper_inside)) || (lower && upper_inside);
        return mixed && !may_be_written(token, place);
    }
    return digit && lower && upper_inside && digit_then_letter;
}

/// Looks at one part between dots: all of it (unless it comes first), what follows its last
/// hyphen, and its last eight characters after a hyphen: base64url hashes may hold hyphens.
bool has_hash(std::string_view part, bool first, Place place) {
    if (!first && is_hash(part, place)) return true;
    const std::size_t hyphen = part.find_last_of("-_");
    if (hyphen != part.npos && is_hash(part.substr(hyphen + 1), place)) return true;
    const std::size_t size = part.size();
    return size > hash_size_min + 1 && part[size - hash_size_min - 1] == '-' &&
           is_hash(part.substr(size - hash_size_min), place);
}

Place place_of(std::string_view path) {
    if (!is_in_bundle(path)) return Place::elsewhere;
    for (const std::string_view code : {".js", ".mjs", ".cjs", ".css", ".map", ".wasm"}) {
        if (path.ends_with(code)) return Place::code_of_bundle;
    }
    return Place::other_of_bundle;
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

bool is_hashed_name(std::string_view path) {
    if (path.ends_with(".html") || path.ends_with(".htm")) return false;
    const Place place = place_of(path);
    std::string_view name = path.substr(path.rfind('/') + 1);
    bool first = true;
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.')) {
        if (has_hash(name.substr(0, dot), first, place)) return true;
        name.remove_prefix(dot + 1);
        first = false;
    }
    return false;
}

}  // namespace berth::edge

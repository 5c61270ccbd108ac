#include "artifacts/hashed_name.hpp"

#include <algorithm>
#include <array>

namespace berth::artifacts {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
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

}  // namespace berth::artifacts

#include "plans/semver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace berth::plans {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && std::string_view(" \t\r\n").contains(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && std::string_view(" \t\r\n").contains(text.back()))
        text.remove_suffix(1);
    return text;
}

struct Partial {
    Version version{};
    int given = 0;  // how many numbers were written, 0 to 3
};

/// "20", "v18.x", "1.2.3-rc.1+x" (the pre-release is cut off).
std::optional<Partial> parse_partial(std::string_view text) {
    if (text.starts_with('v') || text.starts_with('=')) text.remove_prefix(1);
    text = text.substr(0, text.find_first_of("-+"));
    Partial partial;
    if (text.empty()) return std::nullopt;
    for (std::size_t i = 0; i < 3 && !text.empty(); ++i) {
        const std::string_view part = text.substr(0, text.find('.'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        if (part == "x" || part == "X" || part == "*")
            return text.find_first_not_of("xX*.") == text.npos ? std::optional(partial)
                                                               : std::nullopt;
        unsigned& number = partial.version.numbers[i];
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
        if (error != std::errc{} || end != part.data() + part.size() || part.size() > 6) {
            return std::nullopt;
        }
        ++partial.given;
    }
    return text.empty() ? std::optional(partial) : std::nullopt;
}

/// The first version after all that begin with the first `count` numbers.
Version after(Version version, int count) {
    if (count <= 0) return {{~0u, 0, 0}};
    const auto at = static_cast<std::size_t>(count - 1);
    ++version.numbers[at];
    std::fill(version.numbers.begin() + count, version.numbers.end(), 0u);
    return version;
}

}  // namespace

std::string Version::text() const {
    return fmt::format("{}.{}.{}", numbers[0], numbers[1], numbers[2]);
}

std::optional<Version> parse_version(std::string_view text) {
    text = trim(text);
    if (text.substr(0, text.find('+')).contains('-')) return std::nullopt;
    const std::optional<Partial> partial = parse_partial(text);
    if (!partial || partial->given != 3) return std::nullopt;
    return partial->version;
}

std::optional<VersionRange::Between> VersionRange::parse_one(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("^~<>= "), text.size());
    std::string sign;
    for (const char c : text.substr(0, digits)) {
        if (c != ' ') sign += c;
    }
    const std::optional<Partial> partial = parse_partial(trim(text.substr(digits)));
    if (!partial) return std::nullopt;
    const Version& version = partial->version;
    const int given = partial->given;
    if (given == 0) return Between{};
    if (sign == ">=") return Between{version, std::nullopt};
    if (sign == ">") return Between{after(version, given), std::nullopt};
    if (sign == "<") return Between{{}, version};
    if (sign == "<=") return Between{{}, after(version, given)};
    if (sign == "~" || sign == "~>") return Between{version, after(version, std::min(given, 2))};
    if (sign == "^") {
        int fixed = 1;  // up to and with the first number that is not 0
        while (fixed < given && version.numbers[static_cast<std::size_t>(fixed - 1)] == 0)
            ++fixed;
        return Between{version, after(version, fixed)};
    }
    if (sign.empty() || sign == "=") return Between{version, after(version, given)};
    return std::nullopt;
}

std::optional<VersionRange::Between> VersionRange::parse_all(std::string_view text) {
    if (const std::size_t hyphen = text.find(" - "); hyphen != text.npos) {
        const auto from = parse_one(fmt::format(">={}", trim(text.substr(0, hyphen))));
        const auto to = parse_one(fmt::format("<={}", trim(text.substr(hyphen + 3))));
        if (!from || !to) return std::nullopt;
        return Between{from->from, to->below};
    }
    Between all;
    while (!text.empty()) {
        // A sign may stand apart from its number: ">= 18".
        const std::size_t number = std::min(text.find_first_not_of("^~<>= "), text.size());
        const std::size_t end = std::min(text.find_first_of(" ,\t", number), text.size());
        const auto one = parse_one(text.substr(0, end));
        if (!one) return std::nullopt;
        all.from = std::max(all.from, one->from);
        if (one->below && (!all.below || *one->below < *all.below)) all.below = one->below;
        text = trim(text.substr(std::min(end + 1, text.size())));
    }
    return all;
}

std::optional<VersionRange> VersionRange::parse(std::string_view text) {
    VersionRange range;
    text = trim(text);
    for (;;) {  // ends with the last alternative
        const std::size_t end = text.find("||");
        const std::string_view part = trim(text.substr(0, end));
        const std::optional<Between> between = part.empty() ? Between{} : parse_all(part);
        if (!between) return std::nullopt;
        range.alternatives_.push_back(*between);
        if (end == text.npos) return range;
        text.remove_prefix(end + 2);
    }
}

bool VersionRange::admits(const Version& version) const {
    return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Between& one) {
        return version >= one.from && (!one.below || version < *one.below);
    });
}

std::optional<Version> VersionRange::highest(const std::vector<Version>& versions) const {
    std::optional<Version> best;
    for (const Version& version : versions) {
        if (admits(version) && (!best || version > *best)) best = version;
    }
    return best;
}

}  // namespace berth::plans

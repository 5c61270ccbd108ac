#pragma once
/// Version numbers and ranges as npm writes them, as far as engines, .nvmrc and packageManager use
/// them: exact, partial ("20", "18.x"), ^ ~ >= > <= < =, hyphen ranges, `||`.

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::plans {

struct Version {
    std::array<unsigned, 3> numbers{};
    auto operator<=>(const Version&) const = default;
    unsigned major() const { return numbers[0]; }
    std::string text() const;
};

/// A full version without a pre-release: "v24.1.0", "24.1.0+sha.x" → 24.1.0. Else nothing.
std::optional<Version> parse_version(std::string_view text);

class VersionRange {
public:
    /// Nothing when the text is no range. "" and "*" admit everything.
    static std::optional<VersionRange> parse(std::string_view text);

    bool admits(const Version& version) const;
    /// The highest of `versions` that the range admits.
    std::optional<Version> highest(const std::vector<Version>& versions) const;

private:
    struct Between {
        Version from{};                  // included
        std::optional<Version> below{};  // excluded; none: no upper end
    };
    static std::optional<Between> parse_one(std::string_view comparator);
    static std::optional<Between> parse_all(std::string_view conjunction);

    std::vector<Between> alternatives_;
};

}  // namespace berth::plans

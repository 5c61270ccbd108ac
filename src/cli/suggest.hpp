#pragma once
/// "Did you mean…": the known word nearest to a mistyped one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::cli {

/// Insertions, removals, replacements and swaps of neighbours that turn one into the other.
std::size_t distance(std::string_view a, std::string_view b);

/// The nearest of `known`, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace berth::cli

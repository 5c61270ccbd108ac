#pragma once
/// Failures that people meet often, as their tools word them, and what helps. They explain a
/// failure; they never decide whether there is one (exit codes do).

#include <array>
#include <span>
#include <string_view>

namespace berth::builds {

struct KnownCause {
    std::string_view name{};                  // for tests and statistics: "peer_conflict"
    std::array<std::string_view, 4> words{};  // one of them stands in the line; "" is none
    std::string_view advice{};
};

/// The more special before the more general.
std::span<const KnownCause> known_causes();

/// The first whose words stand in `line` (without colours), or null.
const KnownCause* known_cause_of(std::string_view line);

}  // namespace berth::builds

#pragma once
/// Quick compression of what a site serves, before it goes live; higher levels come afterwards.

#include <optional>
#include <string>
#include <string_view>

namespace berth::builds {

/// Nothing when the result would not be smaller. Deterministic.
std::optional<std::string> gzip(std::string_view bytes);
std::optional<std::string> brotli(std::string_view bytes);

}  // namespace berth::builds

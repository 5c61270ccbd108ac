#pragma once
/// Quick compression of what a site serves, before it goes live; higher levels come afterwards.

#include <optional>
#include <string>
#include <string_view>

namespace berth::builds {

/// Nothing when the result would not be smaller. Deterministic.
std::optional<std::string> gzip(std::string_view bytes);
std::optional<std::string> brotli(std::string_view bytes);
/// Within a window of 8 MiB: browsers take no larger one (RFC 9659).
std::optional<std::string> zstd(std::string_view bytes);

}  // namespace berth::builds

#pragma once
/// Where a visitor goes on after the door: the page that was asked for first, on the same host.

#include <string>
#include <string_view>

namespace berth::visitors {

/// `wanted` as a path of the same host, normalised and encoded, with its query; "/" for whatever is
/// none: another host, a scheme, control characters, over 2,000 bytes, or the door itself.
/// `"/a/../b c?x=1"` → `"/b%20c?x=1"`, `"//evil.example/x"` → `"/evil.example/x"`.
std::string return_path(std::string_view wanted);

}  // namespace berth::visitors

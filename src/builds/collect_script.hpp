#pragma once
/// What runs in the sandbox that reads an output.

#include <string_view>

namespace berth::builds {

/// Arguments: the root directory, then the directories to look for. Prints the output as a tar.
/// Exit codes: 71 the root directory has gone, 72 no such directory (names follow on stderr),
/// 73 it lies outside.
extern const std::string_view collect_script;

}  // namespace berth::builds

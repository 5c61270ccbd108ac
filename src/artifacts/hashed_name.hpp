#pragma once
/// Names that say by themselves that their content never changes.

#include <string_view>

namespace berth::artifacts {

/// Whether the name carries a hash of its content, so that it may be cached for good:
/// "assets/index-BsK3x9ab.js", "static/js/main.8f3a2b1c.chunk.js"; never HTML. When in doubt it
/// does not: asking again costs a 304, a stale file in everybody's cache lasts a year.
bool is_hashed_name(std::string_view path);

}  // namespace berth::artifacts

#pragma once
/// Ids: a kind prefix and a UUIDv7 in lower-case base32, so that they sort by time.

#include <string>
#include <string_view>

namespace berth {

/// `new_id("prj")` → "prj_06exk3v…" (prefix, underscore, 26 characters of 0-9a-hjkmnp-tv-z).
/// Ids of one process never go back, also within one millisecond.
std::string new_id(std::string_view prefix);

/// Whether `text` looks like an id of that kind.
bool is_id(std::string_view text, std::string_view prefix);

/// The last 10 characters, all random: what a deployment's own host name ends in.
std::string id_tail(std::string_view id);

}  // namespace berth

#pragma once
/// What a key may look like. Keys are made by us, never by a user: a bad one is a bug.

#include <string>

namespace berth::objects {

/// Whether `key` is one of ours: see check_key.
bool is_key(const std::string& key);

/// Plain segments of letters, digits, `-`, `_`, `.`, joined by `/`, below public/ or private/.
/// Throws: std::logic_error — anything else.
void check_key(const std::string& key);

}  // namespace berth::objects

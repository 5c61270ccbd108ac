#pragma once
/// E-mail addresses: how people are named when they sign in.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth::accounts {

/// Shape:  " Ann@Example.COM " → "ann@example.com"
/// Errors: invalid — invalid_email, at /email: not an address, over 254 bytes, or not ASCII.
Result<std::string> normalise_email(std::string_view text);

}  // namespace berth::accounts

#pragma once
/// The cookie that holds a pass: host-only, and over TLS with the prefix that no other host can
/// set. It is between the visitor and Berth: no site, app or rewrite target sees it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::visitors {

/// "__Host-berth_pass" over TLS, else "berth_pass".
std::string_view pass_cookie_name(bool secure);

/// A Set-Cookie value. `seconds`: how long the browser keeps it.
std::string set_pass_cookie(std::string_view pass, std::int64_t seconds, bool secure);

/// The passes in the value of a Cookie field, at most `passes_max`: another host may have set one
/// of the same name beside ours.
inline constexpr std::size_t passes_max = 4;
void add_passes(std::string_view cookies, bool secure, std::vector<std::string_view>& passes);

/// The value of a Cookie field without passes, of either name; "" when nothing is left.
std::string without_passes(std::string_view cookies);

}  // namespace berth::visitors

#pragma once
/// The page that a visitor of a protected site gets: a form for the password, or the way to sign in
/// with Berth. One page for the edge, which asks first, and for the api, which says what was wrong.

#include <string>
#include <string_view>

#include "visitors/access.hpp"

namespace berth::visitors {

struct AccessPage {
    Access access = Access::members;
    std::string return_to = "/";  // as return_path gives it
    std::string_view wrong{};     // what was wrong with the last try, or ""
};

/// HTML without scripts.
std::string access_page(const AccessPage& page);

/// What the page may do: its own style and its own form, in no frame.
inline constexpr std::string_view access_page_policy =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

/// What programs are told.
inline constexpr std::string_view access_code = "access_needed";
std::string_view access_detail(Access access);

/// There is no standard scheme for it; browsers ask nothing by themselves.
inline constexpr std::string_view access_challenge = "Berth-Pass";

}  // namespace berth::visitors

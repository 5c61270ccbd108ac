#pragma once
/// The two cookies of a browser session.

#include "accounts/sessions.hpp"
#include "http/message.hpp"

namespace berth::api {

/// HttpOnly, SameSite=Strict, for this host alone; `__Host-` and Secure over TLS.
void set_session_cookies(http::Headers& reply, const http::Request& request,
                         const accounts::OpenedSession& session, std::int64_t now_ms);
void clear_session_cookies(http::Headers& reply, const http::Request& request);

/// The secret of a browser that is at a sign-in provider, for ten minutes; SameSite=Strict, since
/// the page that it comes back to asks us itself.
void set_provider_cookie(http::Headers& reply, const http::Request& request,
                         const std::string& secret);
void clear_provider_cookie(http::Headers& reply, const http::Request& request);
/// "" without it.
std::string provider_cookie(const http::Request& request);

}  // namespace berth::api

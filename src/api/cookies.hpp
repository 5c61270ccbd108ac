#pragma once
/// The two cookies of a browser session.

#include "accounts/sessions.hpp"
#include "http/message.hpp"

namespace berth::api {

/// HttpOnly, SameSite=Strict, for this host alone; `__Host-` and Secure over TLS.
void set_session_cookies(http::Headers& reply, const http::Request& request,
                         const accounts::OpenedSession& session, std::int64_t now_ms);
void clear_session_cookies(http::Headers& reply, const http::Request& request);

}  // namespace berth::api

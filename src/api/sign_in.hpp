#pragma once
/// Signing somebody in at the end of a request: what login, set-up, sign-up and invitations share.

#include "accounts/sessions.hpp"
#include "api/route.hpp"

namespace berth::api {

/// Opens a session for a person and puts its cookies into the answer. `how` is for the audit log.
Task<accounts::OpenedSession> open_session(Services& services, Context& context,
                                           accounts::User user, std::string how = "");

/// 200: {access_token, expires_at_ms, user}.
http::Response signed_in_response(const accounts::OpenedSession& session);

/// 201: the user, and how to go on.
http::Response new_user_response(const accounts::OpenedSession& session);

}  // namespace berth::api

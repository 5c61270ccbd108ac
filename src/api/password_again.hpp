#pragma once
/// What changes how somebody signs in asks for their password again: a browser that was left open
/// must not lock its owner out.

#include <string>

#include "api/route.hpp"

namespace berth::api {

/// Whether `password` is that of the person who asks; who has none must have signed in just now.
/// Tells the limits in the reply's headers.
/// Errors: forbidden — wrong_password at /password, sign_in_again; limited — too_many_attempts,
///         busy.
Task<Result<>> check_password_again(Services& services, Context& context, std::string password);

/// Whether the session of the request began within the last ten minutes.
/// Errors: forbidden — sign_in_again.
Task<Result<>> check_fresh_session(Services& services, Context& context);

}  // namespace berth::api

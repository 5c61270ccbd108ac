#pragma once
/// What changes how somebody signs in asks for their password again: a browser that was left open
/// must not lock its owner out.

#include <string>

#include "api/route.hpp"

namespace berth::api {

/// Whether `password` is that of the person who asks. Tells the limits in the reply's headers.
/// Errors: forbidden — wrong_password at /password; limited — too_many_attempts, busy.
Task<Result<>> check_password_again(Services& services, Context& context, std::string password);

}  // namespace berth::api

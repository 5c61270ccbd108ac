#pragma once
/// Who was faster, for people whose change was refused because of it.

#include <string>

#include "api/services.hpp"

namespace berth::api {

/// The same error; of precondition_failed, the message also says who did `action` to `target` last
/// and when, as far as the audit knows.
Task<Error> with_last_change(Services& services, Error error, std::string target,
                             std::string action);

}  // namespace berth::api

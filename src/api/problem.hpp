#pragma once
/// The one place where a failure becomes a status code and application/problem+json (RFC 9457).

#include <string>

#include "http/message.hpp"

namespace berth::api {

unsigned status_of(const Error& error);

/// {type, title, status, detail, code, instance, errors: [{pointer, code, detail}],
/// next: [{label, command | href}]}; `instance` is the request's id.
http::Response problem(const Error& error, const std::string& request_id);

}  // namespace berth::api

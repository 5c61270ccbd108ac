#pragma once
/// Request bodies and answers of handlers.

#include <optional>
#include <string>

#include "api/route.hpp"

namespace berth::api {

/// The JSON body as a described struct; an empty body is `{}`.
/// Errors: invalid — malformed_json (400), wrong_type, unknown_field (422), with the pointer.
template <class T>
Result<T> parse_body(const http::Request& request) {
    return json::parse_as<T>(request.body.empty() ? "{}" : request.body);
}

/// A list: {"items": […], "next": cursor or null}.
http::Response list_response(boost::json::array items, const std::optional<std::string>& next);

/// The ETag of a row's version: "\"7\"".
std::string etag_of(std::int64_t version);

/// Checks If-Match against a version. `*` matches all.
/// Errors: precondition — precondition_required (428) without the header, precondition_failed
///         (412) when it names another version.
Result<> check_if_match(const http::Request& request, std::int64_t version);

}  // namespace berth::api

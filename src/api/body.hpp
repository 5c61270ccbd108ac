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

/// The JSON object of a body laid over what is stored: null clears (RFC 7396).
/// Errors: invalid — malformed_json, wrong_type.
Result<json::value> lay_over(json::value stored, const std::string& body);

/// The same for described structs. Errors: invalid — also unknown_field, with the pointer.
template <class T>
Result<T> merge_body(const T& stored, const http::Request& request) {
    const Result<json::value> merged = lay_over(json::from(stored), request.body);
    if (!merged) return merged.error();
    return json::to<T>(*merged);
}

/// For a field that has no sensible default. Its code is missing_field.
Error missing_field(std::string_view name);

/// A list: {"items": […], "next": cursor or null}.
http::Response list_response(boost::json::array items, const std::optional<std::string>& next);

/// The ETag of a row's version: "\"7\"".
std::string etag_of(std::int64_t version);

/// Checks If-Match against a version. `*` matches all.
/// Errors: precondition — precondition_required (428) without the header, precondition_failed
///         (412) when it names another version.
Result<> check_if_match(const http::Request& request, std::int64_t version);

}  // namespace berth::api

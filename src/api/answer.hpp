#pragma once
/// The front door of the api: one request in, one response out, whatever happens.

#include "api/services.hpp"
#include "http/message.hpp"

namespace berth::api {

/// Finds the route, the caller and the right to call it, runs the handler, maps what went wrong to
/// application/problem+json. Paths outside /api/ get the dashboard. Never throws.
Task<http::Response> answer(Services& services, http::Request& request);

}  // namespace berth::api

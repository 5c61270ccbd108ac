#pragma once
/// The RateLimit fields of answers to requests that are limited (IETF draft of September 2025):
/// `RateLimit-Policy: "address";q=20;w=60` and `RateLimit: "address";r=19;t=60`.

#include "accounts/throttle.hpp"
#include "http/message.hpp"

namespace berth::api {

/// What is left of each limit after the request, and `Retry-After` when one is used up (answer.cpp
/// keeps that for 429 alone).
void tell_limits(http::Headers& reply, const accounts::Throttle& throttle,
                 const std::vector<accounts::Throttle::Use>& uses);

}  // namespace berth::api

#pragma once
/// `from`, `to` and `step` of what is shown over time.

#include <cstdint>

#include "base/result.hpp"
#include "http/message.hpp"

namespace berth::api {

struct TimeSpan {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t step_ms = 0;
};

/// Whole steps: what the first and last begin in is there too. Without `to` until now, without
/// `from` for the `usual_ms` before; without `step` minutes up to two hours, hours up to a week,
/// days. Errors: invalid — bad_parameter: no time, no step, or more than 3,000 steps.
Result<TimeSpan> time_span_of(const http::Request& request, std::int64_t now_ms,
                              std::int64_t usual_ms);

}  // namespace berth::api

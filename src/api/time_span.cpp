#include "api/time_span.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "traffic/report.hpp"

namespace berth::api {
namespace {

using traffic::hour_ms;
using traffic::minute_ms;

constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t points_max = 3'000;

Error bad_parameter(std::string_view name, std::string_view wanted) {
    return fail_as(Failure::invalid, "bad_parameter", "", "{}: {}", name, wanted);
}

/// Errors: invalid — bad_parameter.
Result<std::int64_t> time_of(const http::Request& request, std::string_view name,
                             std::int64_t otherwise) {
    const auto text = request.parameter(name);
    if (!text) return otherwise;
    std::int64_t time = 0;
    const char* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, time);
    constexpr std::int64_t time_max = std::int64_t{1} << 50;
    if (read.ec != std::errc{} || read.ptr != end || time < 0 || time > time_max) {
        return bad_parameter(name, "Unix time in milliseconds");
    }
    return time;
}

/// Errors: invalid — bad_parameter.
Result<std::int64_t> step_of(const http::Request& request, std::int64_t span_ms) {
    const auto text = request.parameter("step");
    if (!text) return span_ms <= 2 * hour_ms ? minute_ms : span_ms <= 7 * day_ms ? hour_ms : day_ms;
    if (*text == "minute") return minute_ms;
    if (*text == "hour") return hour_ms;
    if (*text == "day") return day_ms;
    return bad_parameter("step", "minute, hour or day");
}

}  // namespace

Result<TimeSpan> time_span_of(const http::Request& request, std::int64_t now_ms,
                              std::int64_t usual_ms) {
    const Result<std::int64_t> to = time_of(request, "to", now_ms);
    if (!to) return to.error();
    const Result<std::int64_t> from =
        time_of(request, "from", std::max<std::int64_t>(0, *to - usual_ms));
    if (!from) return from.error();
    if (*from >= *to) return bad_parameter("from", "before `to`");
    const Result<std::int64_t> step = step_of(request, *to - *from);
    if (!step) return step.error();
    TimeSpan span{*from - *from % *step, *to + *step - 1, *step};
    span.to_ms -= span.to_ms % *step;
    if ((span.to_ms - span.from_ms) / *step > points_max) {
        return bad_parameter("step", "longer: at most 3,000 steps between `from` and `to`");
    }
    return span;
}

}  // namespace berth::api

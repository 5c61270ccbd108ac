// What a project's visitors did: reported by edges, shown to those who may read the project.
#include <charconv>
#include <map>

#include "api/body.hpp"
#include "api/routes.hpp"
#include "projects/traffic_store.hpp"

namespace berth::api {

using traffic::hour_ms;
using traffic::minute_ms;
using traffic::Row;

constexpr std::int64_t day_ms = 24 * hour_ms;

/// Counts with what the histogram says, as they are shown.
struct TrafficTotals : traffic::Counts {
    std::optional<std::uint64_t> p50_us{};  // none: nothing was asked for
    std::optional<std::uint64_t> p99_us{};
};
BOOST_DESCRIBE_STRUCT(TrafficTotals, (traffic::Counts), (p50_us, p99_us))

struct TrafficPoint : TrafficTotals {
    std::int64_t begin_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TrafficPoint, (TrafficTotals), (begin_ms))

struct TrafficView {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t step_ms = 0;
    TrafficTotals totals{};
    std::vector<TrafficPoint> points{};  // oldest first; steps without a request are left out
    std::vector<traffic::Ranked> paths{};
    std::vector<traffic::Ranked> referrers{};
};
BOOST_DESCRIBE_STRUCT(TrafficView, (), (from_ms, to_ms, step_ms, totals, points, paths, referrers))

namespace {

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

struct Span {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t step_ms = 0;
};

/// Whole steps: what the first and last begin in is there too.
/// Errors: invalid — bad_parameter.
Result<Span> span_of(const http::Request& request, std::int64_t now_ms) {
    const Result<std::int64_t> to = time_of(request, "to", now_ms);
    if (!to) return to.error();
    const Result<std::int64_t> from =
        time_of(request, "from", std::max<std::int64_t>(0, *to - day_ms));
    if (!from) return from.error();
    if (*from >= *to) return bad_parameter("from", "before `to`");
    const Result<std::int64_t> step = step_of(request, *to - *from);
    if (!step) return step.error();
    Span span{*from - *from % *step, *to + *step - 1, *step};
    span.to_ms -= span.to_ms % *step;
    if ((span.to_ms - span.from_ms) / *step > points_max) {
        return bad_parameter("step", "longer: at most 3,000 steps between `from` and `to`");
    }
    return span;
}

void set_totals(TrafficTotals& totals, const Row& row) {
    static_cast<traffic::Counts&>(totals) = row;
    totals.p50_us = traffic::percentile_us(row.latency, 50);
    totals.p99_us = traffic::percentile_us(row.latency, 99);
}

TrafficView view_of(const Span& span, const std::vector<Row>& rows) {
    Row all;
    std::map<std::int64_t, Row> steps;
    for (const Row& row : rows) {
        traffic::add(all, row);
        traffic::add(steps[row.begin_ms - row.begin_ms % span.step_ms], row);
    }
    TrafficView view{span.from_ms, span.to_ms, span.step_ms, {}, {}, all.paths, all.referrers};
    set_totals(view.totals, all);
    for (const auto& [begin, row] : steps) {
        TrafficPoint point;
        set_totals(point, row);
        point.begin_ms = begin;
        view.points.push_back(point);
    }
    return view;
}

/// GET /api/v1/projects/{project}/traffic?from=&to=&step=
///
/// 200:    TrafficView; by default the last 24 hours. Minutes are kept for 48 hours, hours for 90
///         days; days are those of UTC.
/// Errors: invalid — bad_parameter
Task<Result<http::Response>> project_traffic(Services& services, Context& context) {
    const Result<Span> span = span_of(context.request, services.now_ms());
    if (!span) co_return span.error();
    const std::int64_t stored = std::min(span->step_ms, hour_ms);
    const std::vector<Row> rows =
        co_await services.traffic->rows(context.project.id, stored, span->from_ms, span->to_ms);
    co_return http::json_response(200, view_of(*span, rows));
}

/// POST /api/v1/edge/traffic: an edge's report. 204, also when it was counted before.
/// Errors: invalid — too_many_rows, bad_report
Task<Result<http::Response>> count_traffic(Services& services, Context& context) {
    Result<traffic::Report> report = parse_body<traffic::Report>(context.request);
    if (!report) co_return report.error();
    const Result<> counted = co_await services.traffic->count(std::move(*report));
    if (!counted) co_return counted.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/traffic",
     .policy = Policy::project_read,
     .handler = project_traffic,
     .query = "from to step"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/edge/traffic",
     .policy = Policy::edge,
     .handler = count_traffic,
     .body = {.stream = false, .bytes_max = 4 << 20}},
};

}  // namespace

std::span<const Route> traffic_routes() {
    return table;
}

}  // namespace berth::api

// What a project's visitors did: reported by edges, shown to those who may read the project.
#include <algorithm>
#include <map>

#include "api/body.hpp"
#include "api/routes.hpp"
#include "api/time_span.hpp"
#include "projects/traffic_store.hpp"

namespace berth::api {

using traffic::hour_ms;
using traffic::Row;

constexpr std::int64_t day_ms = 24 * hour_ms;

/// Counts with what the histogram says, as they are shown.
struct TrafficTotals : traffic::Counts {
    std::optional<std::uint64_t> p50_us{};  // none: nothing was asked for
    std::optional<std::uint64_t> p95_us{};
    std::optional<std::uint64_t> p99_us{};
};
BOOST_DESCRIBE_STRUCT(TrafficTotals, (traffic::Counts), (p50_us, p95_us, p99_us))

struct TrafficPoint : TrafficTotals {
    std::int64_t begin_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TrafficPoint, (TrafficTotals), (begin_ms))

struct DeploymentTraffic : TrafficTotals {
    std::string deployment{};  // "": of hosts without one, and of before it was counted
};
BOOST_DESCRIBE_STRUCT(DeploymentTraffic, (TrafficTotals), (deployment))

struct TrafficView {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t step_ms = 0;
    TrafficTotals totals{};
    std::vector<TrafficPoint> points{};  // oldest first; steps without a request are left out
    std::vector<traffic::Ranked> paths{};
    std::vector<traffic::Ranked> referrers{};
    std::vector<traffic::Ranked> missing{};        // answered with 404
    std::vector<DeploymentTraffic> deployments{};  // the most asked for first
};
BOOST_DESCRIBE_STRUCT(TrafficView, (),
                      (from_ms, to_ms, step_ms, totals, points, paths, referrers, missing,
                       deployments))

namespace {

constexpr std::size_t deployments_max = 20;

void set_totals(TrafficTotals& totals, const Row& row) {
    static_cast<traffic::Counts&>(totals) = row;
    totals.p50_us = traffic::percentile_us(row.latency, 50);
    totals.p95_us = traffic::percentile_us(row.latency, 95);
    totals.p99_us = traffic::percentile_us(row.latency, 99);
}

/// The most asked for first; equal ones by id.
std::vector<DeploymentTraffic> ranked(const std::map<std::string, Row>& deployments) {
    std::vector<DeploymentTraffic> list;
    for (const auto& [id, row] : deployments) {
        DeploymentTraffic one;
        set_totals(one, row);
        one.deployment = id;
        list.push_back(std::move(one));
    }
    std::ranges::sort(list, [](const DeploymentTraffic& a, const DeploymentTraffic& b) {
        return a.requests != b.requests ? a.requests > b.requests : a.deployment < b.deployment;
    });
    if (list.size() > deployments_max) list.resize(deployments_max);
    return list;
}

/// `only`: of this deployment alone; "": of all.
TrafficView view_of(const TimeSpan& span, const std::vector<Row>& rows, const std::string& only) {
    Row all;
    std::map<std::int64_t, Row> steps;
    std::map<std::string, Row> deployments;
    for (const Row& row : rows) {
        traffic::add(deployments[row.deployment], row);
        if (!only.empty() && row.deployment != only) continue;
        traffic::add(all, row);
        traffic::add(steps[row.begin_ms - row.begin_ms % span.step_ms], row);
    }
    TrafficView view{.from_ms = span.from_ms,
                     .to_ms = span.to_ms,
                     .step_ms = span.step_ms,
                     .totals = {},
                     .points = {},
                     .paths = all.paths,
                     .referrers = all.referrers,
                     .missing = all.missing,
                     .deployments = ranked(deployments)};
    set_totals(view.totals, all);
    for (const auto& [begin, row] : steps) {
        TrafficPoint point;
        set_totals(point, row);
        point.begin_ms = begin;
        view.points.push_back(point);
    }
    return view;
}

/// GET /api/v1/projects/{project}/traffic?from=&to=&step=&deployment=
///
/// 200:    TrafficView; by default the last 24 hours of all deployments (which are listed also
///         where one is asked for). Minutes are kept for 48 hours, hours for 90
///         days; days are those of UTC.
/// Errors: invalid — bad_parameter
Task<Result<http::Response>> project_traffic(Services& services, Context& context) {
    const Result<TimeSpan> span = time_span_of(context.request, services.now_ms(), day_ms);
    if (!span) co_return span.error();
    const std::int64_t stored = std::min(span->step_ms, hour_ms);
    const std::vector<Row> rows =
        co_await services.traffic->rows(context.project.id, stored, span->from_ms, span->to_ms);
    const std::string only = context.request.parameter("deployment").value_or("");
    co_return http::json_response(200, view_of(*span, rows, only));
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
     .query = "from to step deployment"},
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

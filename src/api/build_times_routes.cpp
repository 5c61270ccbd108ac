// What a project's builds took.
#include "api/body.hpp"
#include "api/routes.hpp"
#include "api/time_span.hpp"
#include "deployments/build_times.hpp"

namespace berth::api {
namespace {

constexpr std::int64_t usual_ms = 30ll * 24 * 3600 * 1000;

/// GET /api/v1/projects/{project}/builds?from=&to=&step=
///
/// 200:    BuildTimes; by default the last 30 days, by the day. Days are those of UTC.
/// Errors: invalid — bad_parameter
Task<Result<http::Response>> project_builds(Services& services, Context& context) {
    const Result<TimeSpan> span = time_span_of(context.request, services.now_ms(), usual_ms);
    if (!span) co_return span.error();
    const std::string project = context.project.id;
    const deployments::BuildTimes times = co_await deployments::build_times(
        services.database, project, span->from_ms, span->to_ms, span->step_ms);
    co_return http::json_response(200, times);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/builds",
     .policy = Policy::project_read,
     .handler = project_builds,
     .query = "from to step"},
};

}  // namespace

std::span<const Route> build_times_routes() {
    return table;
}

}  // namespace berth::api

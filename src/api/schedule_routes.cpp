/// Redeploys of a project by the clock.

#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "deployments/schedules.hpp"

namespace berth::api {
namespace {

/// GET /api/v1/projects/{project}/schedules → {items: [Schedule], next: null}; oldest first
Task<Result<http::Response>> list_schedules(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::vector<deployments::Schedule> schedules = co_await services.schedules->of(project);
    boost::json::array items;
    for (const deployments::Schedule& schedule : schedules)
        items.push_back(json::from(schedule));
    co_return list_response(std::move(items), std::nullopt);
}

/// POST /api/v1/projects/{project}/schedules {cron, time_zone?, ref?} → 201 Schedule
/// Errors: invalid — invalid_cron, never_due, invalid_time_zone, invalid_branch; conflict —
///         too_many_schedules
Task<Result<http::Response>> add_schedule(Services& services, Context& context) {
    const auto body = parse_body<deployments::NewSchedule>(context.request);
    if (!body) co_return body.error();
    const std::string project = context.project.id;
    const accounts::User actor = context.caller.user;
    const deployments::NewSchedule& wanted = *body;
    const Result<deployments::Schedule> made =
        co_await services.schedules->add(project, wanted, actor);
    if (!made) co_return made.error();
    co_return http::json_response(201, *made);
}

/// DELETE /api/v1/projects/{project}/schedules/{id}
/// Errors: not_found — schedule_not_found
Task<Result<http::Response>> remove_schedule(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string id(context.at("id"));
    const accounts::User actor = context.caller.user;
    const Result<> gone = co_await services.schedules->remove(project, id, actor);
    if (!gone) co_return gone.error();
    co_return http::Response{.status = 204};
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/schedules", Policy::project_read, list_schedules},
    {post, "/api/v1/projects/{project}/schedules", Policy::project_write, add_schedule},
    {del, "/api/v1/projects/{project}/schedules/{id}", Policy::project_write, remove_schedule},
};

}  // namespace

std::span<const Route> schedule_routes() {
    return table;
}

}  // namespace berth::api

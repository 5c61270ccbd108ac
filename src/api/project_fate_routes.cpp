// Projects that change hands, and deleted ones that can be had back.
#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/project_view.hpp"
#include "api/publish_routes.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct TransferBody {
    std::optional<std::string> team{};  // slug or id
};
BOOST_DESCRIBE_STRUCT(TransferBody, (), (team))

namespace {

projects::Actor actor_of(const Context& context) {
    return {context.caller.user.id, context.caller.actor()};
}

Task<http::Response> project_response(Services& services, projects::ProjectDetails details) {
    const std::string etag = etag_of(details.project.version);
    std::vector<projects::ProjectDetails> one;
    one.push_back(std::move(details));
    const std::vector<ProjectView> views = co_await project_views(services, std::move(one));
    http::Response response = http::json_response(200, views.front());
    response.headers.set("etag", etag);
    co_return response;
}

/// The team that gets the project. Errors: not_found — team_not_found; forbidden — role_needed.
Task<Result<std::string>> receiver(Services& services, const Context& context, std::string wanted) {
    const std::string user = context.caller.user.id;
    const auto teams = co_await services.accounts.users.memberships(user);
    for (const accounts::Membership& team : teams) {
        if (team.slug != wanted && team.id != wanted) continue;
        if (team.role >= accounts::TeamRole::admin) co_return team.id;
        co_return fail_as(Failure::forbidden, "role_needed", "/team",
                          "only an admin or owner of the team takes projects into it");
    }
    co_return fail_as(Failure::not_found, "team_not_found", "/team",
                      "team: you belong to no team named '{}'", wanted);
}

/// POST /api/v1/projects/{project}/transfer {team} → Project
/// Errors: not_found — team_not_found; forbidden — role_needed, team_needs_second_factor; conflict
/// — too_many_projects
Task<Result<http::Response>> transfer_project(Services& services, Context& context) {
    const Result<TransferBody> body = parse_body<TransferBody>(context.request);
    if (!body) co_return body.error();
    if (!body->team) co_return missing_field("team");
    const std::string wanted = *body->team;
    const Result<std::string> team = co_await receiver(services, context, wanted);
    if (!team) co_return team.error();
    const Result<> factor = co_await admit_by_factor(services, *team, context.caller.user.id);
    if (!factor) co_return factor.error();
    const std::string id = context.project.id;
    const projects::Actor actor = actor_of(context);
    const std::string to = *team;
    auto moved = co_await services.projects.transfer(id, to, actor);
    if (!moved) co_return moved.error();
    co_return co_await project_response(services, std::move(*moved));
}

/// GET /api/v1/teams/{team}/deleted-projects: those that can be had back, at most as many as a team
/// may have projects.
Task<Result<http::Response>> list_deleted(Services& services, Context& context) {
    const std::string team = context.team.id;
    const auto found = co_await services.projects.deleted(team);
    co_return list_response(json::from(found).as_array(), std::nullopt);
}

/// POST /api/v1/teams/{team}/deleted-projects/{id}/restore → Project, whose sites are up again.
Task<Result<http::Response>> restore_project(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("id"));
    const projects::Actor actor = actor_of(context);
    auto restored = co_await services.projects.restore(team, id, actor);
    if (!restored) co_return restored.error();
    co_await publish_routes(services);
    co_return co_await project_response(services, std::move(*restored));
}

/// DELETE /api/v1/teams/{team}/deleted-projects/{id}: for good, and at once.
Task<Result<http::Response>> purge_project(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("id"));
    const projects::Actor actor = actor_of(context);
    const Result<> purged = co_await services.projects.purge(team, id, actor);
    if (!purged) co_return purged.error();
    if (services.project_purged) co_await services.project_purged(id);
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::post,
     .pattern = "/api/v1/projects/{project}/transfer",
     .policy = Policy::project_own,
     .handler = transfer_project},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/deleted-projects",
     .policy = Policy::team_own,
     .handler = list_deleted},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/deleted-projects/{id}/restore",
     .policy = Policy::team_own,
     .handler = restore_project},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/teams/{team}/deleted-projects/{id}",
     .policy = Policy::team_own,
     .handler = purge_project},
};

}  // namespace

std::span<const Route> project_fate_routes() {
    return table;
}

}  // namespace berth::api

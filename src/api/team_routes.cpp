// Teams of the person who asks.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct NewTeamBody {
    std::string slug{};
    std::optional<std::string> name{};  // none: the slug
};
BOOST_DESCRIBE_STRUCT(NewTeamBody, (), (slug, name))

struct TeamChangeBody {
    std::string slug{};
    std::string name{};
    std::optional<std::int64_t> second_factor_from_ms{};  // from when on its people need one
};
BOOST_DESCRIBE_STRUCT(TeamChangeBody, (), (slug, name, second_factor_from_ms))

namespace {

/// GET /api/v1/teams: oldest first, with the own role in each.
Task<Result<http::Response>> list_teams(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "teams");
    if (!page) co_return page.error();
    const std::string user = context.caller.user.id;
    const std::vector<accounts::Team> teams = co_await services.accounts.teams.list(user);
    boost::json::array items;
    for (const accounts::Team& team : teams)
        items.push_back(json::from(team));
    co_return page_response(items, Order::oldest_first, *page, "teams");
}

/// POST /api/v1/teams {slug, name?} → 201 Team, which the person owns.
/// Errors: invalid; conflict — slug_taken, too_many_teams
Task<Result<http::Response>> add_team(Services& services, Context& context) {
    const Result<NewTeamBody> body = parse_body<NewTeamBody>(context.request);
    if (!body) co_return body.error();
    const accounts::NewTeam wanted{.slug = body->slug, .name = body->name.value_or("")};
    const accounts::User actor = context.caller.user;
    const Result<accounts::Team> team = co_await services.accounts.teams.add(wanted, actor);
    if (!team) co_return team.error();
    http::Response response = http::json_response(201, *team);
    response.headers.set("location", "/api/v1/teams/" + team->id);
    co_return response;
}

/// What differs from what stands there.
accounts::TeamChange change_of(const TeamChangeBody& before, const TeamChangeBody& after) {
    accounts::TeamChange change;
    if (after.slug != before.slug) change.slug = after.slug;
    if (after.name != before.name) change.name = after.name;
    if (after.second_factor_from_ms != before.second_factor_from_ms) {
        change.second_factor = after.second_factor_from_ms;
    }
    return change;
}

/// PATCH /api/v1/teams/{team} {slug?, name?, second_factor_from_ms?} → Team
/// Errors: invalid; conflict — slug_taken, second_factor_first
Task<Result<http::Response>> change_team(Services& services, Context& context) {
    const TeamChangeBody before{.slug = context.team.slug,
                                .name = context.team.name,
                                .second_factor_from_ms = context.team.second_factor_from_ms};
    const Result<TeamChangeBody> after = merge_body(before, context.request);
    if (!after) co_return after.error();
    if (context.request.body.find(':') == std::string::npos) co_return missing_field("name");
    const accounts::TeamChange change = change_of(before, *after);
    const accounts::User actor = context.caller.user;
    const std::string id = context.team.id;
    const Result<accounts::Team> team = co_await services.accounts.teams.change(id, change, actor);
    if (!team) co_return team.error();
    co_return http::json_response(200, *team);
}

/// DELETE /api/v1/teams/{team}. Errors: conflict — team_has_projects
Task<Result<http::Response>> remove_team(Services& services, Context& context) {
    const std::string id = context.team.id;
    const accounts::User actor = context.caller.user;
    const Result<> removed = co_await services.accounts.teams.remove(id, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// POST /api/v1/teams/{team}/leave. Errors: conflict — last_owner
Task<Result<http::Response>> leave_team(Services& services, Context& context) {
    const std::string id = context.team.id;
    const accounts::User actor = context.caller.user;
    const Result<> left = co_await services.accounts.teams.leave(id, actor);
    if (!left) co_return left.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams",
     .policy = Policy::signed_in,
     .handler = list_teams,
     .query = "limit cursor"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams",
     .policy = Policy::signed_in,
     .handler = add_team},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/teams/{team}",
     .policy = Policy::team_own,
     .handler = change_team},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/teams/{team}",
     .policy = Policy::team_own,
     .handler = remove_team},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/leave",
     .policy = Policy::team_read,
     .handler = leave_team},
};

}  // namespace

std::span<const Route> team_routes() {
    return table;
}

}  // namespace berth::api

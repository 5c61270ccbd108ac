// Roles in one project, besides its team's. For its admins: a guest of one project is not shown the
// addresses of the others.
#include "accounts/accounts.hpp"
#include "api/paging.hpp"
#include "api/role_body.hpp"
#include "api/routes.hpp"

namespace berth::api {
namespace {

/// GET /api/v1/projects/{project}/members: who has a role in the project itself.
Task<Result<http::Response>> list_members(Services& services, Context& context) {
    const std::string project = context.project.id;
    const Result<Page> page = page_of(context.request, "members/" + project);
    if (!page) co_return page.error();
    const auto members = co_await services.accounts.project_roles.list(project);
    boost::json::array items;
    for (const accounts::Member& member : members)
        items.push_back(json::from(member));
    co_return page_response(items, Order::oldest_first, *page, "members/" + project);
}

/// GET /api/v1/projects/{project}/members/{user}. Errors: not_found — member_not_found
Task<Result<http::Response>> show_member(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string user(context.at("user"));
    const auto member = co_await services.accounts.project_roles.find(project, user);
    if (!member) co_return member.error();
    co_return http::json_response(200, *member);
}

/// PUT /api/v1/projects/{project}/members/{user} {role} → Member. `user`: id or e-mail address.
/// Errors: invalid — invalid_role; not_found — user_not_found; conflict — too_many_members
Task<Result<http::Response>> put_member(Services& services, Context& context) {
    const Result<accounts::TeamRole> role = role_of(context.request);
    if (!role) co_return role.error();
    const std::string project = context.project.id;
    const std::string user(context.at("user"));
    const accounts::User actor = context.caller.user;
    const auto member = co_await services.accounts.project_roles.set(project, user, *role, actor);
    if (!member) co_return member.error();
    co_return http::json_response(200, *member);
}

/// DELETE /api/v1/projects/{project}/members/{user}. Errors: not_found — member_not_found
Task<Result<http::Response>> remove_member(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string user(context.at("user"));
    const accounts::User actor = context.caller.user;
    const auto removed = co_await services.accounts.project_roles.remove(project, user, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/members",
     .policy = Policy::project_write,
     .handler = list_members,
     .query = "limit cursor"},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/members/{user}",
     .policy = Policy::project_write,
     .handler = show_member},
    {.verb = http::Verb::put,
     .pattern = "/api/v1/projects/{project}/members/{user}",
     .policy = Policy::project_write,
     .handler = put_member},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/projects/{project}/members/{user}",
     .policy = Policy::project_write,
     .handler = remove_member},
};

}  // namespace

std::span<const Route> project_member_routes() {
    return table;
}

}  // namespace berth::api

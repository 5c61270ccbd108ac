// Who belongs to a team and as what, and who is invited to it.
#include "accounts/accounts.hpp"
#include "api/paging.hpp"
#include "api/role_body.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct InvitationBody {
    std::string email{};
    std::optional<accounts::TeamRole> role{};
};
BOOST_DESCRIBE_STRUCT(InvitationBody, (), (email, role))

namespace {

/// GET /api/v1/teams/{team}/members: oldest account first.
Task<Result<http::Response>> list_members(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "members/" + context.team.id);
    if (!page) co_return page.error();
    const std::string team = context.team.id;
    const std::vector<accounts::Member> members = co_await services.accounts.teams.members(team);
    boost::json::array items;
    for (const accounts::Member& member : members)
        items.push_back(json::from(member));
    co_return page_response(items, Order::oldest_first, *page, "members/" + team);
}

/// PATCH /api/v1/teams/{team}/members/{user} {role} → Member. `user`: id or e-mail address.
/// Errors: not_found — member_not_found; forbidden — owner_needed; conflict — last_owner
Task<Result<http::Response>> change_member(Services& services, Context& context) {
    const Result<accounts::TeamRole> role = role_of(context.request);
    if (!role) co_return role.error();
    const std::string team = context.team.id;
    const std::string user(context.at("user"));
    const accounts::User actor = context.caller.user;
    const Result<accounts::Member> member =
        co_await services.accounts.teams.set_role(team, user, *role, actor);
    if (!member) co_return member.error();
    co_return http::json_response(200, *member);
}

/// DELETE /api/v1/teams/{team}/members/{user}. Errors: as change_member
Task<Result<http::Response>> remove_member(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string user(context.at("user"));
    const accounts::User actor = context.caller.user;
    const Result<> removed = co_await services.accounts.teams.take_off(team, user, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// GET /api/v1/teams/{team}/invitations: newest first, those that are open.
Task<Result<http::Response>> list_invitations(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "invitations/" + context.team.id);
    if (!page) co_return page.error();
    const std::string team = context.team.id;
    const auto invitations = co_await services.accounts.invitations.list(team);
    boost::json::array items;
    for (const accounts::Invitation& invitation : invitations)
        items.push_back(json::from(invitation));
    co_return page_response(items, Order::newest_first, *page, "invitations/" + team);
}

/// POST /api/v1/teams/{team}/invitations {email, role}
///
/// 201:    Invitation, with its link as `url`: it is never shown again
/// Errors: invalid; forbidden — owner_needed; conflict — already_member, too_many_…
Task<Result<http::Response>> add_invitation(Services& services, Context& context) {
    const Result<InvitationBody> body = parse_body<InvitationBody>(context.request);
    if (!body) co_return body.error();
    if (!body->role) co_return missing_field("role");
    const std::string team = context.team.id;
    const accounts::User actor = context.caller.user;
    const std::string email = body->email;
    const accounts::TeamRole role = *body->role;
    const Result<accounts::MadeInvitation> made =
        co_await services.accounts.invitations.add(team, email, role, actor);
    if (!made) co_return made.error();
    boost::json::object reply = json::from(made->invitation).as_object();
    reply["url"] = services.config.platform_url + "/invitations/" + made->secret;
    co_return http::text_response(201, "application/json", boost::json::serialize(reply));
}

/// DELETE /api/v1/teams/{team}/invitations/{invitation}. Errors: not_found — invitation_not_found
Task<Result<http::Response>> revoke_invitation(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string invitation(context.at("invitation"));
    const accounts::User actor = context.caller.user;
    const Result<> revoked = co_await services.accounts.invitations.revoke(team, invitation, actor);
    if (!revoked) co_return revoked.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/members",
     .policy = Policy::team_read,
     .handler = list_members,
     .query = "limit cursor"},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/teams/{team}/members/{user}",
     .policy = Policy::team_manage,
     .handler = change_member},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/teams/{team}/members/{user}",
     .policy = Policy::team_manage,
     .handler = remove_member},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/invitations",
     .policy = Policy::team_manage,
     .handler = list_invitations,
     .query = "limit cursor"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/invitations",
     .policy = Policy::team_manage,
     .handler = add_invitation},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/teams/{team}/invitations/{invitation}",
     .policy = Policy::team_manage,
     .handler = revoke_invitation},
};

}  // namespace

std::span<const Route> team_member_routes() {
    return table;
}

}  // namespace berth::api

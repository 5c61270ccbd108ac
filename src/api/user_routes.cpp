// People of the instance, for its owners.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct NewUserBody {
    std::string email{};
    std::optional<std::string> password{};
    std::optional<std::string> team{};         // slug of a team to join
    std::optional<accounts::TeamRole> role{};  // in that team; none: admin
};
BOOST_DESCRIBE_STRUCT(NewUserBody, (), (email, password, team, role))

struct UserChange {
    std::optional<bool> disabled{};
};
BOOST_DESCRIBE_STRUCT(UserChange, (), (disabled))

struct PasswordReply {
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(PasswordReply, (), (password))

namespace {

/// GET /api/v1/users: oldest first.
Task<Result<http::Response>> list_users(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "users");
    if (!page) co_return page.error();
    const std::vector<accounts::User> users = co_await services.accounts.users.list();
    boost::json::array items;
    for (const accounts::User& user : users)
        items.push_back(json::from(user));
    co_return page_response(items, Order::oldest_first, *page, "users");
}

/// POST /api/v1/users {email, password?, team?, role?}
///
/// 201:    User, with the one-time `password` when none was given
/// Errors: invalid; conflict — email_taken; not_found — team_not_found
Task<Result<http::Response>> add_user(Services& services, Context& context) {
    const Result<NewUserBody> body = parse_body<NewUserBody>(context.request);
    if (!body) co_return body.error();
    if (body->role && !body->team) co_return missing_field("team");  // of their own they are owner
    accounts::NewUser wanted;
    wanted.email = body->email;
    wanted.password = body->password;
    wanted.team = body->team.value_or("");
    wanted.role = body->role.value_or(accounts::TeamRole::admin);
    wanted.actor = context.caller.user;
    const Result<accounts::AddedUser> added = co_await services.accounts.users.add(wanted);
    if (!added) co_return added.error();
    boost::json::object reply = json::from(added->user).as_object();
    reply["password"] = json::from(added->password);
    co_return http::text_response(201, "application/json", boost::json::serialize(reply));
}

/// PATCH /api/v1/users/{id} {disabled}
///
/// Errors: invalid — missing_field; not_found; conflict — last_owner
Task<Result<http::Response>> change_user(Services& services, Context& context) {
    const Result<UserChange> body = parse_body<UserChange>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("id"));
    const accounts::User actor = context.caller.user;
    if (!body->disabled) co_return missing_field("disabled");
    const bool disabled = *body->disabled;
    const Result<accounts::User> user =
        co_await services.accounts.users.set_disabled(id, disabled, actor);
    if (!user) co_return user.error();
    co_return http::json_response(200, *user);
}

/// POST /api/v1/users/{id}/reset-password → {password}: once, to be changed at the next sign-in.
Task<Result<http::Response>> reset_password(Services& services, Context& context) {
    const std::string id(context.at("id"));
    const accounts::User actor = context.caller.user;
    const auto reset = co_await services.accounts.users.reset_password(id, actor);
    if (!reset) co_return reset.error();
    const PasswordReply reply{reset->password.value_or("")};
    co_return http::json_response(200, reply);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/users",
     .policy = Policy::instance_owner,
     .handler = list_users,
     .query = "limit cursor"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/users",
     .policy = Policy::instance_owner,
     .handler = add_user},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/users/{id}",
     .policy = Policy::instance_owner,
     .handler = change_user},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/users/{id}/reset-password",
     .policy = Policy::instance_owner,
     .handler = reset_password},
};

}  // namespace

std::span<const Route> user_routes() {
    return table;
}

}  // namespace berth::api

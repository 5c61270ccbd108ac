// API tokens of the person who asks.
#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct TokenBody {
    std::string name{};
    accounts::TokenScope scope = accounts::TokenScope::read;
    std::optional<std::vector<std::string>> projects{};  // ids or names
    std::optional<std::int64_t> expires_at_ms{};
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (name, scope, projects, expires_at_ms))

namespace {

/// GET /api/v1/tokens: newest first; there are at most 100.
Task<Result<http::Response>> list_tokens(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "tokens");
    if (!page) co_return page.error();
    const std::string user = context.caller.user.id;
    const auto tokens = co_await services.accounts.tokens.list(user);
    boost::json::array items;
    for (const accounts::Token& token : tokens)
        items.push_back(json::from(token));
    co_return page_response(items, Order::newest_first, *page, "tokens");
}

/// Their ids. Errors: not_found — project_not_found, at the one at fault.
Task<Result<std::vector<std::string>>> ids_of(Services& services, const Context& context,
                                              const std::vector<std::string>& keys) {
    std::vector<std::string> ids;
    const std::string user = context.caller.user.id;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto project = co_await find_member_project(services.database, keys[i], user);
        if (!project) {
            co_return fail_as(Failure::not_found, "project_not_found",
                              fmt::format("/projects/{}", i), "projects: no project '{}'",
                              keys[i].substr(0, 100));
        }
        if (std::ranges::find(ids, project->id) == ids.end()) ids.push_back(project->id);
    }
    co_return ids;
}

/// POST /api/v1/tokens {name, scope, projects?, expires_at_ms?}
///
/// 201:    Token, with the value as `token`: it is never shown again
/// Errors: invalid — also empty_projects, too_many_projects; not_found — a project; conflict —
///         too_many_tokens
Task<Result<http::Response>> add_token(Services& services, Context& context) {
    const Result<TokenBody> body = parse_body<TokenBody>(context.request);
    if (!body) co_return body.error();
    accounts::NewToken wanted{
        .name = body->name, .scope = body->scope, .expires_at_ms = body->expires_at_ms};
    if (body->projects) {
        const std::vector<std::string>& keys = *body->projects;
        // A list that came out empty by mistake must not be a token for everything.
        if (keys.empty()) {
            co_return fail_as(Failure::invalid, "empty_projects", "/projects",
                              "projects: name one, or leave it out for all of them");
        }
        if (keys.size() > accounts::Tokens::projects_max) {
            co_return fail_as(Failure::invalid, "too_many_projects", "/projects",
                              "projects: at most {}", accounts::Tokens::projects_max);
        }
        const auto ids = co_await ids_of(services, context, keys);
        if (!ids) co_return ids.error();
        wanted.projects = *ids;
    }
    const accounts::User owner = context.caller.user;
    const Result<accounts::MadeToken> made = co_await services.accounts.tokens.add(owner, wanted);
    if (!made) co_return made.error();
    boost::json::object reply = json::from(made->token).as_object();
    reply["token"] = made->value;
    co_return http::text_response(201, "application/json", boost::json::serialize(reply));
}

/// DELETE /api/v1/tokens/{id}
Task<Result<http::Response>> revoke_token(Services& services, Context& context) {
    const accounts::User owner = context.caller.user;
    const std::string id(context.at("id"));
    const Result<> revoked = co_await services.accounts.tokens.revoke(owner, id);
    if (!revoked) co_return revoked.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/tokens",
     .policy = Policy::signed_in,
     .handler = list_tokens,
     .query = "limit cursor"},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/tokens",
     .policy = Policy::signed_in,
     .handler = add_token},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/tokens/{id}",
     .policy = Policy::signed_in,
     .handler = revoke_token},
};

}  // namespace

std::span<const Route> token_routes() {
    return table;
}

}  // namespace berth::api

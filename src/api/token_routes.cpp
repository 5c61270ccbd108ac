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
    std::optional<std::string> project{};  // id or name
    std::optional<std::int64_t> expires_at_ms{};
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (name, scope, project, expires_at_ms))

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

/// POST /api/v1/tokens {name, scope, project?, expires_at_ms?}
///
/// 201:    Token, with the value as `token`: it is never shown again
/// Errors: invalid; not_found — the project; conflict — too_many_tokens
Task<Result<http::Response>> add_token(Services& services, Context& context) {
    const Result<TokenBody> body = parse_body<TokenBody>(context.request);
    if (!body) co_return body.error();
    accounts::NewToken wanted{.name = body->name,
                              .scope = body->scope,
                              .project = std::nullopt,
                              .expires_at_ms = body->expires_at_ms};
    if (body->project) {
        const std::string key = *body->project;
        const std::string user = context.caller.user.id;
        const auto project = co_await find_member_project(services.database, key, user);
        if (!project) {
            co_return fail_as(Failure::not_found, "project_not_found", "/project",
                              "project: no such project");
        }
        wanted.project = project->id;
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

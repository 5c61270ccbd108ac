// Signing in a machine without a browser (RFC 8628, with our own form of errors): the machine's
// part is open, the person's is for who is signed in.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct DeviceBody {
    std::string name{};
    accounts::TokenScope scope = accounts::TokenScope::admin;
};
BOOST_DESCRIBE_STRUCT(DeviceBody, (), (name, scope))

struct DeviceCodeBody {
    std::string device_code{};
};
BOOST_DESCRIBE_STRUCT(DeviceCodeBody, (), (device_code))

struct UserCodeBody {
    std::string user_code{};
};
BOOST_DESCRIBE_STRUCT(UserCodeBody, (), (user_code))

struct DecisionBody {
    std::string user_code{};
    std::optional<accounts::Decision> decision{};
};
BOOST_DESCRIBE_STRUCT(DecisionBody, (), (user_code, decision))

struct DeviceOfferReply {
    std::string device_code{};
    std::string user_code{};
    std::string verification_uri{};
    std::int64_t expires_in_s = 0;
    std::int64_t interval_s = 0;
};
BOOST_DESCRIBE_STRUCT(DeviceOfferReply, (),
                      (device_code, user_code, verification_uri, expires_in_s, interval_s))

struct DeviceTokenReply {
    std::string token{};
    std::string id{};
    std::string name{};
    accounts::TokenScope scope = accounts::TokenScope::read;
    std::int64_t expires_at_ms = 0;
    std::string email{};
};
BOOST_DESCRIBE_STRUCT(DeviceTokenReply, (), (token, id, name, scope, expires_at_ms, email))

namespace {

constexpr std::int64_t token_life_ms = 90ll * 24 * 3600 * 1000;
constexpr accounts::Throttle::Limit per_address{
    .name = "address", .failures = 20, .window_ms = 60'000};
constexpr accounts::Throttle::Limit per_person{
    .name = "account", .failures = 10, .window_ms = 15 * 60'000};

/// POST /api/v1/auth/device {name, scope?} → 201 {device_code, user_code, verification_uri, …}
///
/// Errors: invalid — invalid_name; limited
Task<Result<http::Response>> begin(Services& services, Context& context) {
    const Result<DeviceBody> body = parse_body<DeviceBody>(context.request);
    if (!body) co_return body.error();
    const std::vector<accounts::Throttle::Use> limits{
        {"device/" + context.request.peer, per_address}};
    const Result<> free = services.accounts.throttle.take(limits);
    tell_limits(context.reply_headers, services.accounts.throttle, limits);
    if (!free) co_return free.error();
    const accounts::DeviceWish wish{
        .name = body->name,
        .scope = body->scope,
        .user_agent = std::string(context.request.headers.get("user-agent")),
        .address = context.request.peer};
    const auto offer = co_await services.accounts.device_logins.begin(wish);
    if (!offer) co_return offer.error();
    const DeviceOfferReply reply{.device_code = offer->device_code,
                                 .user_code = offer->user_code,
                                 .verification_uri = services.config.platform_url + "/device",
                                 .expires_in_s = offer->expires_in_s,
                                 .interval_s = offer->interval_s};
    co_return http::json_response(201, reply);
}

/// POST /api/v1/auth/device/token {device_code} → 201 {token, id, name, scope, expires_at_ms,
/// email}
///
/// Errors: conflict — authorization_pending, too_many_tokens; limited — slow_down; forbidden —
///         access_denied; not_found — expired_token
Task<Result<http::Response>> give_token(Services& services, Context& context) {
    const Result<DeviceCodeBody> body = parse_body<DeviceCodeBody>(context.request);
    if (!body) co_return body.error();
    const std::string code = body->device_code;
    const auto approved = co_await services.accounts.device_logins.poll(code);
    if (!approved) co_return approved.error();
    accounts::User owner = approved->user;
    owner.address = context.request.peer;
    const accounts::NewToken wanted{.name = approved->wish.name,
                                    .scope = approved->wish.scope,
                                    .expires_at_ms = services.now_ms() + token_life_ms};
    const Result<accounts::MadeToken> made = co_await services.accounts.tokens.add(owner, wanted);
    if (!made) co_return made.error();
    const DeviceTokenReply reply{.token = made->value,
                                 .id = made->token.id,
                                 .name = made->token.name,
                                 .scope = made->token.scope,
                                 .expires_at_ms = made->token.expires_at_ms.value_or(0),
                                 .email = owner.email};
    co_return http::json_response(201, reply);
}

/// Wrong codes are slowed down, and who has a one-time password signs nothing else in.
Result<> may_try(Services& services, Context& context) {
    if (context.caller.user.must_change_password) {
        return fail_as(Failure::forbidden, "password_must_change", "",
                       "choose a password of your own first");
    }
    return services.accounts.throttle.check("device/" + context.caller.user.id, per_person);
}

void note_guess(Services& services, const Context& context, const Error& error) {
    if (error.failure != Failure::not_found) return;
    services.accounts.throttle.count_failure("device/" + context.caller.user.id, per_person);
}

/// POST /api/v1/auth/device/request {user_code} → {name, scope, user_agent, address, created_at_ms}
///
/// Errors: not_found — device_code_not_found; limited
Task<Result<http::Response>> show_request(Services& services, Context& context) {
    const Result<UserCodeBody> body = parse_body<UserCodeBody>(context.request);
    if (!body) co_return body.error();
    const Result<> may = may_try(services, context);
    if (!may) co_return may.error();
    const std::string code = body->user_code;
    const auto request = co_await services.accounts.device_logins.look(code);
    if (!request) {
        note_guess(services, context, request.error());
        co_return request.error();
    }
    co_return http::json_response(200, *request);
}

/// POST /api/v1/auth/device/decision {user_code, decision}
///
/// Errors: invalid — missing_field; not_found — device_code_not_found; limited
Task<Result<http::Response>> decide(Services& services, Context& context) {
    const Result<DecisionBody> body = parse_body<DecisionBody>(context.request);
    if (!body) co_return body.error();
    if (!body->decision) co_return missing_field("decision");
    const Result<> may = may_try(services, context);
    if (!may) co_return may.error();
    const std::string code = body->user_code;
    const accounts::Decision decision = *body->decision;
    const accounts::User user = context.caller.user;
    const Result<> decided = co_await services.accounts.device_logins.decide(code, decision, user);
    if (!decided) {
        note_guess(services, context, decided.error());
        co_return decided.error();
    }
    co_return http::empty_response(204);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/device",
     .policy = Policy::everybody,
     .handler = begin,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/device/token",
     .policy = Policy::everybody,
     .handler = give_token,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/device/request",
     .policy = Policy::session,
     .handler = show_request,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/device/decision",
     .policy = Policy::session,
     .handler = decide,
     .body = small},
};

}  // namespace

std::span<const Route> device_routes() {
    return table;
}

}  // namespace berth::api

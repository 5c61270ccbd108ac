// The second factor of the person who asks.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/password_again.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct AgainBody {
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(AgainBody, (), (password))

struct CodeBody {
    std::string code{};
};
BOOST_DESCRIBE_STRUCT(CodeBody, (), (code))

struct RecoveryCodes {
    std::vector<std::string> recovery_codes{};  // shown once
};
BOOST_DESCRIBE_STRUCT(RecoveryCodes, (), (recovery_codes))

namespace {

/// The password of the body, again. Errors: as check_password_again; invalid.
Task<Result<>> check_again(Services& services, Context& context) {
    const Result<AgainBody> body = parse_body<AgainBody>(context.request);
    if (!body) co_return body.error();
    const std::string password = body->password;
    co_return co_await check_password_again(services, context, password);
}

/// GET /api/v1/auth/second-factor → {totp, since_ms, recovery_codes_left}
Task<Result<http::Response>> show_factor(Services& services, Context& context) {
    const std::string user = context.caller.user.id;
    const auto state = co_await services.accounts.second_factors.state(user);
    co_return http::json_response(200, state);
}

/// POST /api/v1/auth/totp {password} → 201 {secret, uri}: asks for nothing until it is confirmed
///
/// Errors: forbidden — wrong_password; conflict — totp_on; limited
Task<Result<http::Response>> offer_totp(Services& services, Context& context) {
    const Result<> again = co_await check_again(services, context);
    if (!again) co_return again.error();
    const accounts::User user = context.caller.user;
    const auto offer = co_await services.accounts.second_factors.offer_totp(user);
    if (!offer) co_return offer.error();
    co_return http::json_response(201, *offer);
}

/// POST /api/v1/auth/totp/confirm {code} → {recovery_codes}
///
/// Errors: forbidden — wrong_code; conflict — totp_on, totp_not_offered; limited
Task<Result<http::Response>> confirm_totp(Services& services, Context& context) {
    const Result<CodeBody> body = parse_body<CodeBody>(context.request);
    if (!body) co_return body.error();
    const accounts::User user = context.caller.user;
    const std::string code = body->code;
    const auto codes = co_await services.accounts.second_factors.confirm_totp(user, code);
    if (!codes) co_return codes.error();
    co_await services.accounts.sessions.revoke_all(user.id, context.caller.session);
    const RecoveryCodes reply{*codes};
    co_return http::json_response(200, reply);
}

/// POST /api/v1/auth/totp/remove {password}. Errors: forbidden — wrong_password; conflict —
/// totp_off; limited
Task<Result<http::Response>> remove_totp(Services& services, Context& context) {
    const Result<> again = co_await check_again(services, context);
    if (!again) co_return again.error();
    const accounts::User user = context.caller.user;
    const auto removed =
        co_await services.accounts.second_factors.remove(user.id, user.email, user);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// POST /api/v1/auth/recovery-codes {password} → {recovery_codes}: ten new ones
///
/// Errors: forbidden — wrong_password; conflict — totp_off; limited
Task<Result<http::Response>> renew_codes(Services& services, Context& context) {
    const Result<> again = co_await check_again(services, context);
    if (!again) co_return again.error();
    const accounts::User user = context.caller.user;
    const auto codes = co_await services.accounts.second_factors.renew_recovery_codes(user);
    if (!codes) co_return codes.error();
    const RecoveryCodes reply{*codes};
    co_return http::json_response(200, reply);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/auth/second-factor",
     .policy = Policy::session,
     .handler = show_factor},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/totp",
     .policy = Policy::session,
     .handler = offer_totp,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/totp/confirm",
     .policy = Policy::session,
     .handler = confirm_totp,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/totp/remove",
     .policy = Policy::session,
     .handler = remove_totp,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/recovery-codes",
     .policy = Policy::session,
     .handler = renew_codes,
     .body = small},
};

}  // namespace

std::span<const Route> second_factor_routes() {
    return table;
}

}  // namespace berth::api

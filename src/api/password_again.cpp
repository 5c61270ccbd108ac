#include "api/password_again.hpp"

#include "accounts/accounts.hpp"
#include "api/rate_limit.hpp"

namespace berth::api {

constexpr std::int64_t fresh_ms = 10 * 60'000;

Task<Result<>> check_fresh_session(Services& services, Context& context) {
    const auto sessions = co_await services.accounts.sessions.list(context.caller.user.id);
    for (const accounts::SessionView& session : sessions) {
        const bool fresh = services.now_ms() - session.created_at_ms < fresh_ms;
        if (session.id == context.caller.session && fresh) co_return Result<>{};
    }
    co_return fail_as(Failure::forbidden, "sign_in_again", "",
                      "you signed in more than ten minutes ago: sign out and in again, then do "
                      "this");
}

Task<Result<>> check_password_again(Services& services, Context& context, std::string password) {
    const accounts::User user = context.caller.user;
    const bool has_one = co_await services.accounts.users.has_password(user.id);
    if (!has_one) co_return co_await check_fresh_session(services, context);
    constexpr accounts::Throttle::Limit limit{
        .name = "account", .failures = 10, .window_ms = 15 * 60'000};
    const std::vector<accounts::Throttle::Use> limits{{"password/" + user.id, limit}};
    accounts::Throttle& throttle = services.accounts.throttle;
    const Result<> free = throttle.take(limits);
    tell_limits(context.reply_headers, throttle, limits);
    if (!free) co_return free.error();
    const auto known = co_await services.accounts.users.check_password(user.email, password);
    if (!known && known.error().failure == Failure::unauthenticated) {
        co_return fail_as(Failure::forbidden, "wrong_password", "/password",
                          "password: this is not your password");
    }
    if (!known) co_return known.error();
    throttle.give_back(limits);
    tell_limits(context.reply_headers, throttle, limits);
    co_return Result<>{};
}

}  // namespace berth::api

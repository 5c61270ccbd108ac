#include "api/password_again.hpp"

#include "accounts/accounts.hpp"
#include "api/rate_limit.hpp"

namespace berth::api {

Task<Result<>> check_password_again(Services& services, Context& context, std::string password) {
    const accounts::User user = context.caller.user;
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

#include "api/welcome.hpp"

#include "accounts/accounts.hpp"
#include "api/access.hpp"

namespace berth::api {
namespace {

constexpr std::int64_t trusted_ms = 10'000;

}  // namespace

Welcome::Welcome(Services& services, Caller caller, std::string project)
    : services_(services),
      caller_(std::move(caller)),
      project_(std::move(project)),
      looked_at_ms_(services.now_ms()) {}

Task<bool> Welcome::holds() {
    const std::int64_t now = services_.now_ms();
    if (!holds_ || now - looked_at_ms_ < trusted_ms) co_return holds_;
    looked_at_ms_ = now;
    holds_ = co_await look();
    co_return holds_;
}

Task<bool> Welcome::look() {
    bool credential = false;
    if (caller_.kind == CallerKind::user) {
        credential = co_await services_.accounts.sessions.holds(caller_.session);
    } else if (caller_.kind == CallerKind::token) {
        credential = co_await services_.accounts.tokens.holds(caller_.token);
    }
    if (!credential || project_.empty()) co_return credential;
    const auto access = co_await find_member_project(services_.database, project_, caller_.user.id);
    co_return access.has_value();
}

}  // namespace berth::api

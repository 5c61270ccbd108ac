#include "accounts/accounts.hpp"

#include "accounts/email.hpp"
#include "db/database.hpp"

namespace berth::accounts {
namespace {

constexpr Throttle::Limit per_address{.name = "address", .failures = 20, .window_ms = 60'000};
constexpr Throttle::Limit per_account{.name = "account", .failures = 10, .window_ms = 15 * 60'000};
constexpr Throttle::Limit set_up_per_address{.name = "address", .failures = 5, .window_ms = 60'000};
constexpr Throttle::Limit set_up_at_all{.name = "instance", .failures = 50, .window_ms = 60'000};

/// As typed from a terminal: case, blanks and dashes do not matter.
std::string plain_code(std::string_view code) {
    std::string plain;
    for (const char c : code.substr(0, 200)) {
        if (c == '-' || c == ' ' || c == '\n' || c == '\r') continue;
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return plain;
}

}  // namespace

Accounts::Accounts(db::Database& database, Clock now_ms, InstanceSecrets secrets, PasswordCost cost)
    : secrets_(std::move(secrets)),
      passwords_(cost),
      throttle(now_ms),
      users(database, now_ms, passwords_),
      sessions(database, now_ms, secrets_.signing_key, secrets_.refresh_key),
      tokens(database, now_ms),
      teams(database, now_ms),
      invitations(database, now_ms, passwords_),
      project_roles(database, now_ms),
      audit(database, now_ms),
      second_factors(database, now_ms, secrets_.factor_key, throttle),
      device_logins(database, now_ms) {}

std::vector<Throttle::Use> Accounts::sign_in_limits(const std::string& email,
                                                    const std::string& address) {
    const Result<std::string> normal = normalise_email(email);
    return {{"address/" + address, per_address},
            {"account/" + (normal ? *normal : ""), per_account}};
}

std::vector<Throttle::Use> Accounts::set_up_limits(const std::string& address) {
    return {{"set_up/" + address, set_up_per_address}, {"set_up", set_up_at_all}};
}

Task<Result<User>> Accounts::sign_in(std::string email, std::string password, std::string address) {
    const std::vector<Throttle::Use> limits = sign_in_limits(email, address);
    const Result<> free = throttle.take(limits);
    if (!free) co_return free.error();
    Result<User> user = co_await users.check_password(email, password);
    if (user) {
        throttle.give_back(limits);
    } else if (user.error().failure == Failure::unauthenticated) {
        co_await note_failure(email, address, "sign_in_failed");
    }
    co_return user;
}

Task<Result<Factor>> Accounts::check_factor(User user, std::optional<std::string> code) {
    const Result<Factor> shown = co_await second_factors.check(user, code);
    if (!shown && shown.error().code == "wrong_code") {
        const AuditActor actor(user);
        co_await audit.note(actor, "second_factor_failed", "");
    }
    co_return shown;
}

/// An address without an account is not kept: people type passwords there, too.
Task<> Accounts::note_failure(std::string email, std::string address, std::string action) {
    const Result<std::string> normal = normalise_email(email);
    const std::string asked = normal ? *normal : "";
    const bool known = co_await users.exists(asked);
    const AuditActor who(known ? asked : "", address, "");
    const std::string detail = known ? "" : "no such account";
    co_await audit.note(who, action, detail);
}

Task<Result<User>> Accounts::set_up(std::string code, std::string email, std::string password,
                                    std::string address) {
    const bool open = co_await users.is_empty();
    if (!open) {
        co_return fail_as(Failure::conflict, "already_set_up", "",
                          "this instance is set up already; sign in instead");
    }
    const std::vector<Throttle::Use> limits = set_up_limits(address);
    for (const Throttle::Use& use : limits) {
        const Result<> free = throttle.check(use.key, use.limit);
        if (!free) co_return free.error();
    }
    if (secrets_.setup_code.empty() ||
        !equal_secret(plain_code(code), plain_code(secrets_.setup_code))) {
        for (const Throttle::Use& use : limits)
            throttle.count_failure(use.key, use.limit);
        co_return fail_as(Failure::forbidden, "wrong_code", "/code",
                          "code: not the set-up code that `berth serve` printed");
    }
    co_return co_await users.add_first(email, password);
}

bool Accounts::is_worker_token(std::string_view value) const {
    return equal_secret(value, secrets_.worker_token);
}

bool Accounts::is_edge_token(std::string_view value) const {
    return equal_secret(value, secrets_.edge_token);
}

}  // namespace berth::accounts

#include "accounts/accounts.hpp"

#include "accounts/email.hpp"
#include "db/database.hpp"

namespace berth::accounts {
namespace {

constexpr Throttle::Limit per_address{.failures = 20, .window_ms = 60'000};
constexpr Throttle::Limit per_account{.failures = 10, .window_ms = 15 * 60'000};
constexpr Throttle::Limit set_up_per_address{.failures = 5, .window_ms = 60'000};
constexpr Throttle::Limit set_up_at_all{.failures = 50, .window_ms = 60'000};

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
      tokens(database, now_ms) {}

Task<Result<User>> Accounts::sign_in(std::string email, std::string password, std::string address) {
    const Result<std::string> normal = normalise_email(email);
    const std::string account = "account/" + (normal ? *normal : "");
    const std::string from = "address/" + address;
    const Result<> address_free = throttle.check(from, per_address);
    if (!address_free) co_return address_free.error();
    const Result<> account_free = throttle.check(account, per_account);
    if (!account_free) co_return account_free.error();
    // Counted before the answer is known, so that many at once do not slip through.
    throttle.count_failure(from, per_address);
    throttle.count_failure(account, per_account);
    Result<User> user = co_await users.check_password(email, password);
    if (user) {
        throttle.forget(from);
        throttle.forget(account);
    }
    co_return user;
}

Task<Result<User>> Accounts::set_up(std::string code, std::string email, std::string password,
                                    std::string address) {
    const bool open = co_await users.is_empty();
    if (!open) {
        co_return fail_as(Failure::conflict, "already_set_up", "",
                          "this instance is set up already; sign in instead");
    }
    const std::string from = "set_up/" + address;
    const std::string all = "set_up";
    const Result<> address_free = throttle.check(from, set_up_per_address);
    if (!address_free) co_return address_free.error();
    const Result<> all_free = throttle.check(all, set_up_at_all);
    if (!all_free) co_return all_free.error();
    if (secrets_.setup_code.empty() ||
        !equal_secret(plain_code(code), plain_code(secrets_.setup_code))) {
        throttle.count_failure(from, set_up_per_address);
        throttle.count_failure(all, set_up_at_all);
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

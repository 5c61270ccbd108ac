#include "accounts/provider_logins.hpp"

#include "base/crypto.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct ProviderLoginRow {
    std::string state_hash{};
    std::string browser_hash{};
    std::string provider{};
    std::string user_id{};
    bool spent = false;
    std::string identity{};
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ProviderLoginRow, (),
                      (state_hash, browser_hash, provider, user_id, spent, identity, expires_at_ms))

namespace {

constexpr std::size_t secret_bytes_max = 200;

Error expired() {
    return fail_as(Failure::unauthenticated, "login_expired", "",
                   "this sign-in is over or was begun in another browser; begin again");
}

/// Of the browser's secret, and so known to that browser and us while it is here alone.
identity::SignInSecrets secrets_of(const std::string& browser, const std::string& state) {
    return {.state = state,
            .nonce = base64url(hmac_sha256(browser, "nonce/" + state)),
            .verifier = base64url(hmac_sha256(browser, "verifier/" + state))};
}

}  // namespace

ProviderLogins::ProviderLogins(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<Result<BegunLogin>> ProviderLogins::begin(std::string provider, std::string user) {
    const std::int64_t now = now_ms_();
    const std::string browser = base64url(random_bytes(32));
    const std::string state = base64url(random_bytes(32));
    const ProviderLoginRow row{.state_hash = sha256_hex(state),
                               .browser_hash = sha256_hex(browser),
                               .provider = provider,
                               .user_id = user,
                               .expires_at_ms = now + lifetime_ms};
    const auto work = [&](soci::session& sql) -> Result<> {
        db::execute(sql, "delete from provider_logins where expires_at_ms <= :now", now);
        const auto count = db::value<std::int64_t>(sql, "select count(*) from provider_logins");
        if (count.value_or(0) >= waiting_max) {
            return fail_as(Failure::limited, "too_many_logins", "",
                           "too many people sign in at once; try again in some minutes");
        }
        db::insert(sql, "provider_logins", row);
        return {};
    };
    const Result<> begun = co_await database_.write(work);
    if (!begun) co_return begun.error();
    co_return BegunLogin{.browser = browser, .secrets = secrets_of(browser, state)};
}

Task<Result<ReturnedLogin>> ProviderLogins::take(std::string provider, std::string user,
                                                 std::string state, std::string browser) {
    if (state.size() > secret_bytes_max || browser.size() > secret_bytes_max) co_return expired();
    const std::int64_t now = now_ms_();
    const std::string hash = sha256_hex(state);
    const auto work = [&](soci::session& sql) -> Result<ReturnedLogin> {
        const auto row = db::select_one<ProviderLoginRow>(
            sql, "from provider_logins where state_hash = :hash", hash);
        if (!row || row->expires_at_ms <= now || row->provider != provider ||
            row->user_id != user || !equal_secret(row->browser_hash, sha256_hex(browser))) {
            return expired();
        }
        ReturnedLogin login{.secrets = secrets_of(browser, state), .identity = row->identity};
        if (!row->identity.empty()) return login;
        const long long first = db::execute(
            sql, "update provider_logins set spent = 1 where state_hash = :hash and spent = 0",
            hash);
        if (first == 0) return expired();
        return login;
    };
    co_return co_await database_.write(work);
}

Task<> ProviderLogins::keep(std::string state, std::string identity) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update provider_logins set identity = :identity where state_hash = :hash",
                    identity, sha256_hex(state));
    };
    co_await database_.write(work);
}

Task<> ProviderLogins::end(std::string state) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "delete from provider_logins where state_hash = :hash", sha256_hex(state));
    };
    co_await database_.write(work);
}

}  // namespace berth::accounts

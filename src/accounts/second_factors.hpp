#pragma once
/// What a person proves beside their password: a code of an authenticator app, or one of ten
/// recovery codes when the app is not at hand.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "accounts/throttle.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct SecondFactorState {
    bool totp = false;                       // an app's codes are asked for
    std::optional<std::int64_t> since_ms{};  // when they began to be
    std::int64_t recovery_codes_left = 0;    // of 10
};
BOOST_DESCRIBE_STRUCT(SecondFactorState, (), (totp, since_ms, recovery_codes_left))

/// Shown once: what an app is given.
struct TotpOffer {
    std::string secret{};  // base32
    std::string uri{};     // otpauth://…, what the QR code says
};
BOOST_DESCRIBE_STRUCT(TotpOffer, (), (secret, uri))

/// How somebody showed the second factor.
enum class Factor { none, totp, recovery_code };
BOOST_DESCRIBE_ENUM(Factor, none, totp, recovery_code)

class SecondFactors {
public:
    static constexpr int recovery_codes = 10;

    /// `key`: 32 bytes; seals the secrets and keys the hashes. All must outlive this.
    SecondFactors(db::Database& database, Clock now_ms, const std::string& key, Throttle& throttle);

    Task<SecondFactorState> state(std::string user);

    /// A new secret, which asks for nothing until it is confirmed; an earlier one that was not
    /// confirmed is forgotten. Errors: conflict — totp_on.
    Task<Result<TotpOffer>> offer_totp(User user);

    /// Turns it on when the app has the secret, and gives ten recovery codes, shown once.
    /// Errors: conflict — totp_on, totp_not_offered; forbidden — wrong_code at /code; limited.
    Task<Result<std::vector<std::string>>> confirm_totp(User user, std::string code);

    /// Ten new ones; the ones before end. Errors: conflict — totp_off.
    Task<Result<std::vector<std::string>>> renew_recovery_codes(User user);

    /// Turns it off and forgets secret and codes. `actor`: they themselves, or who resets them.
    /// Errors: conflict — totp_off.
    Task<Result<>> remove(std::string user, std::string email, AuditActor actor);

    /// At sign-in, after the password. Each code works once; five wrong ones in 15 minutes end it.
    /// Errors: unauthenticated — second_factor_needed (at /code), wrong_code; limited.
    Task<Result<Factor>> check(User user, std::optional<std::string> code);

private:
    std::string hash_of(const std::string& user, std::string_view code) const;
    std::vector<std::string> replace_codes(soci::session& sql, const std::string& user) const;

    db::Database& database_;
    Clock now_ms_;
    Sealer sealer_;
    std::string key_;
    Throttle& throttle_;
};

}  // namespace berth::accounts

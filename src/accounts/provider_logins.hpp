#pragma once
/// Browsers that were sent to a provider and are to come back: each for one provider, one browser,
/// one code, within ten minutes. The browser's secret is in its cookie alone; state, nonce and
/// PKCE's verifier are derived or hashed, so that who reads the database can finish no sign-in.

#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "identity/identity_client.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct BegunLogin {
    std::string browser{};  // the browser's secret
    identity::SignInSecrets secrets{};
};

/// One that came back to the browser that began it.
struct ReturnedLogin {
    identity::SignInSecrets secrets{};
    std::string identity{};  // idn_…, known by now; "": its code is to be sent on
};

class ProviderLogins {
public:
    static constexpr std::int64_t lifetime_ms = 10 * 60'000;
    static constexpr std::int64_t waiting_max = 10'000;

    /// Holds nothing of its own: may be made for one request. `database` must outlive this.
    ProviderLogins(db::Database& database, Clock now_ms);

    /// `user`: who links an identity; "": somebody signs in.
    /// Errors: limited — too_many_logins: 10,000 wait already.
    Task<Result<BegunLogin>> begin(std::string provider, std::string user);

    /// Gives a code's turn once. Errors: unauthenticated — login_expired: unknown, over, of another
    /// browser, provider or person, or its code was sent on before.
    Task<Result<ReturnedLogin>> take(std::string provider, std::string user, std::string state,
                                     std::string browser);

    /// Who it is, is known: a second factor is waited for, until its ten minutes are over.
    Task<> keep(std::string state, std::string identity);

    Task<> end(std::string state);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts

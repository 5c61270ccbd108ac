#pragma once
/// Who somebody is at a provider, linked to their account by (issuer, subject). An address never
/// finds an account: whoever holds it there need not be who holds it here.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/sign_in_providers.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"
#include "identity/provider.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct LinkedIdentity {
    std::string id{};  // idn_…
    std::optional<std::string>
        provider{};  // its name; none: no such provider any more, or it is off
    std::string issuer{};
    std::string email{};  // as the provider told when it was linked
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> last_used_ms{};
};
BOOST_DESCRIBE_STRUCT(LinkedIdentity, (),
                      (id, provider, issuer, email, created_at_ms, last_used_ms))

/// Somebody whose identity is known here.
struct KnownPerson {
    User user{};
    std::string identity{};  // idn_…
};

class Identities {
public:
    /// Holds nothing of its own: may be made for one request. `database` must outlive this.
    Identities(db::Database& database, Clock now_ms);

    /// Newest first.
    Task<std::vector<LinkedIdentity>> list(std::string user);

    /// By the person themselves. Errors: conflict — identity_taken, too_many_identities.
    Task<Result<LinkedIdentity>> link(User user, identity::Identity identity);

    /// Errors: not_found; conflict — last_way_in.
    Task<Result<>> unlink(User user, std::string id);

    /// Errors: identity_unknown: unauthenticated — not linked; forbidden — of a disabled person.
    Task<Result<KnownPerson>> find(identity::Identity identity, std::string address);
    Task<Result<KnownPerson>> find_by_id(std::string id, std::string address);

    /// Makes the account of somebody whom nobody knows yet, with a team of their own, if the
    /// provider's settings let them in. Errors: forbidden — identity_unknown: no; email_unverified;
    /// conflict — account_exists: the address has an account, whose owner links it themselves.
    Task<Result<KnownPerson>> welcome(SignInProvider provider, identity::Identity identity,
                                      std::string address);

    /// Signed in by it.
    Task<> note_use(std::string id);

private:
    db::Database& database_;
    Clock now_ms_;
};

/// The address that a provider vouches for, normalised. Errors: forbidden — email_unverified.
Result<std::string> verified_email(const identity::Identity& identity);

}  // namespace berth::accounts

#pragma once
/// What joins an account and somebody's identity at a provider, inside the transaction of what
/// makes either. Include only from .cpp files.

#include <string>

#include "accounts/user.hpp"
#include "base/result.hpp"
#include "identity/provider.hpp"

namespace soci {
class session;
}

namespace berth::accounts {

inline constexpr std::int64_t identities_per_person_max = 20;

/// Errors: conflict — identity_taken: it is linked already; too_many_identities.
Result<> may_link(soci::session& sql, const std::string& user, const identity::Identity& identity);

/// Links what may_link said yes to, and returns the link's id (idn_…).
std::string link_identity(soci::session& sql, const User& user, const identity::Identity& identity,
                          std::int64_t now_ms);

/// Whether a person can sign in by something else than `but`: a password, a passkey, or an identity
/// of a provider that is on. `but`: id of a passkey or a link.
bool has_way_in(soci::session& sql, const std::string& user, const std::string& but);

/// Errors: conflict — last_way_in.
Result<> may_lose(soci::session& sql, const std::string& user, const std::string& way);

}  // namespace berth::accounts

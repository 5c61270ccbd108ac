#pragma once
/// Checks the ID token of an OpenID Connect provider (OpenID Connect Core §3.1.3.7, RFC 8725). No
/// network: the keys are given.

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "identity/key_set.hpp"
#include "identity/provider.hpp"

namespace berth::identity {

inline constexpr std::size_t id_token_bytes_max = 16 << 10;
inline constexpr std::int64_t clock_skew_s = 60;
inline constexpr std::int64_t issued_s_max = 10 * 60;  // ago: it was made for this sign-in

/// What a token must be for.
struct ExpectedToken {
    std::string issuer{};
    std::string client_id{};
    std::string nonce{};  // of this sign-in
    std::int64_t now_ms = 0;
};

/// Who the token is about. An address is there only if the token tells one.
/// Errors: unauthenticated — id_token_refused, with what is wrong; unknown_key: it is signed with a
///         key that `keys` lacks, and a set that was fetched again may have it.
Result<Identity> check_id_token(const std::string& token, const KeySet& keys,
                                const ExpectedToken& expected);

/// The address that claims tell, and whether the provider has verified it.
void read_email(const json::bj::object& claims, Identity& into);

}  // namespace berth::identity

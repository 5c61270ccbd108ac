#pragma once
/// Checks what a browser sends for a passkey (WebAuthn Level 2, §7.1 and §7.2), without
/// attestation: any authenticator will do that verifies its user. Nothing is stored here, see
/// passkeys.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::accounts {

/// Who asks for passkeys: a passkey is bound to `id`, a domain name.
struct RelyingParty {
    std::string id{};                    // "berth.example"
    std::vector<std::string> origins{};  // "https://berth.example", to the letter
};

/// What is kept of a passkey; all texts are bytes.
struct PasskeyKey {
    std::string credential{};     // its id
    std::int64_t algorithm = 0;   // of COSE: -7 ES256, -8 EdDSA, -257 RS256
    std::string public_key{};     // as libfido2 has it
    std::int64_t sign_count = 0;  // 0: the authenticator does not count
};

/// A new passkey, made for `challenge`.
/// Errors: invalid — passkey_refused: another challenge, origin or site, no user verification, a
///         kind of key that we do not know, or malformed.
Result<PasskeyKey> check_registration(const RelyingParty& party, const std::string& challenge,
                                      const std::string& client_data,
                                      const std::string& authenticator_data);

/// A sign-in with a known passkey; returns its new count.
/// Errors: unauthenticated — passkey_refused: as above, a wrong signature, or a count that did not
///         grow, as of a copy.
Result<std::int64_t> check_assertion(const RelyingParty& party, const std::string& challenge,
                                     const PasskeyKey& key, const std::string& client_data,
                                     const std::string& authenticator_data,
                                     const std::string& signature);

}  // namespace berth::accounts

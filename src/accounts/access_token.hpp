#pragma once
/// Access tokens: short-lived JWTs, ES256 (base/es256.hpp). The algorithm is fixed by the key;
/// nothing in a token chooses how it is checked (RFC 8725).

#include <cstdint>
#include <string>
#include <string_view>

#include "base/es256.hpp"
#include "base/json.hpp"

namespace berth::accounts {

struct AccessClaims {
    std::string iss = "berth";
    std::string aud = "berth-api";
    std::string sub{};     // usr_…
    std::string sid{};     // ses_…
    std::int64_t iat = 0;  // seconds, as RFC 7519 has it
    std::int64_t exp = 0;
};
BOOST_DESCRIBE_STRUCT(AccessClaims, (), (iss, aud, sub, sid, iat, exp))

class AccessTokens {
public:
    static constexpr std::int64_t lifetime_ms = 15 * 60'000;

    /// Throws: std::runtime_error — `private_key` is not a P-256 key in PEM.
    explicit AccessTokens(const std::string& private_key);

    std::string issue(const std::string& user, const std::string& session,
                      std::int64_t now_ms) const;

    /// Errors: unauthenticated — forged, of another issuer or audience, or expired.
    Result<AccessClaims> check(std::string_view token, std::int64_t now_ms) const;

    /// The public half, PEM: what an edge checks members' tokens with.
    std::string public_key() const;

private:
    SigningKey key_;
    VerifyingKey verifying_key_;
    std::string head_;  // base64url of {"alg":"ES256","kid":…,"typ":"at+jwt"}
};

}  // namespace berth::accounts

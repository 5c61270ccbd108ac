#pragma once
/// Who a site's visitor is to the site's own rules: roles in a JWT that the site's identity
/// provider signed. Only public keys are known here, so whoever reads a route learns nothing that
/// would make a token; what is signed with a shared secret (HS256) is not taken.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/es256.hpp"
#include "base/rs256.hpp"

namespace berth::visitors {

/// The cookie that Netlify's rules look at.
inline constexpr std::string_view role_cookie_name = "nf_jwt";

/// What a token whose signature holds says.
struct RoleToken {
    std::vector<std::string> roles{};   // app_metadata.authorization.roles
    std::int64_t not_before_s = 0;      // "nbf", or 0
    std::optional<std::int64_t> end_s;  // "exp"; a token without one holds until the key changes
};

/// Whether it holds at that time. Clocks of others may differ from ours by a minute.
bool holds(const RoleToken& token, std::int64_t now_ms);

/// A public key, and by that the one algorithm of its tokens: ES256 for P-256, RS256 for RSA.
class RoleKey {
public:
    static constexpr std::size_t pem_bytes_max = 4'096;
    static constexpr std::size_t token_bytes_max = 8'192;
    static constexpr std::size_t roles_max = 100;

    /// Errors: invalid — not the public half of a P-256 or RSA (2,048 to 8,192 bits) key in PEM.
    static Result<RoleKey> parse(const std::string& pem);

    /// Nothing: not signed by this key with its algorithm, or no token at all. Says nothing about
    /// time: that is `holds`.
    std::optional<RoleToken> verify(std::string_view token) const;

private:
    explicit RoleKey(std::variant<VerifyingKey, RsaKey> key) : key_(std::move(key)) {}
    std::string_view algorithm() const;
    bool signed_by_us(std::string_view text, std::string_view signature) const;

    std::variant<VerifyingKey, RsaKey> key_;
};

/// Keys and tokens that one thread has seen hold: a page with a hundred guarded files costs one
/// check.
class RoleMemory {
public:
    static constexpr std::size_t keys_max = 100;
    static constexpr std::size_t tokens_max = 1'000;

    /// The roles that the token gives now by that key (PEM); none when either does not hold.
    std::vector<std::string> roles(const std::string& pem, std::string_view token,
                                   std::int64_t now_ms);

private:
    const RoleKey* key_of(const std::string& pem);

    std::unordered_map<std::string, std::optional<RoleKey>> keys_{};
    std::unordered_map<std::string, RoleToken> tokens_{};  // by token, a space and the key
};

}  // namespace berth::visitors

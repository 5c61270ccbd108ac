#pragma once
/// A visitor's pass to one protected host: a JWT (ES256) that the api signs and the edge checks by
/// the public keys in the object store, without asking anybody. It has a key set and a `typ` of its
/// own: no other token of Berth's is ever taken for one. Passes end when they expire, and all of a
/// project's at once when its access generation grows.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/es256.hpp"
#include "base/json.hpp"

namespace berth::visitors {

struct Pass {
    std::string iss = "berth";
    std::string aud{};            // the host, normalised
    std::string project{};        // prj_…
    std::int64_t generation = 0;  // of the project's access when it was given
    std::string link{};           // the share link that gave it, or ""
    std::int64_t iat = 0;         // seconds, as RFC 7519 has it
    std::int64_t exp = 0;
};
BOOST_DESCRIBE_STRUCT(Pass, (), (iss, aud, project, generation, link, iat, exp))

/// What a host asks of a pass.
struct Guarded {
    std::string_view host{};
    std::string_view project{};
    std::int64_t generation = 0;
    const std::vector<std::string>& revoked_links;
};

/// Whether a pass whose signature holds opens that host now.
bool opens(const Pass& pass, const Guarded& guarded, std::int64_t now_ms);

struct PublicKey {
    std::string kid{};  // 16 hex digits of the key's SHA-256
    std::string pem{};
};
BOOST_DESCRIBE_STRUCT(PublicKey, (), (kid, pem))

/// public/keys/access.json: the newest first; more than one while keys change.
struct PublicKeys {
    std::vector<PublicKey> keys{};
};
BOOST_DESCRIBE_STRUCT(PublicKeys, (), (keys))

inline constexpr const char* public_keys_key = "public/keys/access.json";

class PassSigner {
public:
    /// Throws: std::runtime_error — not a P-256 key in PEM.
    explicit PassSigner(const std::string& private_key);

    std::string issue(const Pass& pass) const;
    PublicKeys public_keys() const;

private:
    SigningKey key_;
    std::string kid_;
    std::string head_;
};

/// Checks signatures. Immutable; shared by all loops.
class PassCheck {
public:
    static constexpr std::size_t keys_max = 4;
    static constexpr std::size_t pass_bytes_max = 2048;

    /// Errors: invalid — no key, too many, a malformed one, or one under another kid than its own.
    static Result<std::shared_ptr<const PassCheck>> make(const PublicKeys& keys);

    /// The pass, if one of our keys signed it; nothing for anything else. Says nothing about host
    /// and time: that is `opens`.
    std::optional<Pass> verify(std::string_view token) const;

private:
    struct Known {
        std::string head;
        VerifyingKey key;
    };
    std::vector<Known> known_{};
};

}  // namespace berth::visitors

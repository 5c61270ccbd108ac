#pragma once
/// RS256 (RFC 7518 §3.3): RSA PKCS #1 v1.5 with SHA-256 (OpenSSL), to check tokens of identity
/// providers. Nothing of ours is signed with it.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth {

class RsaKey {
public:
    /// Errors: invalid — not the public half of an RSA key of 2,048 to 8,192 bits in PEM.
    static Result<RsaKey> parse(const std::string& pem);

    bool verify(std::string_view text, std::string_view signature) const;

private:
    struct Held;
    explicit RsaKey(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
    std::shared_ptr<const Held> held_;
};

}  // namespace berth

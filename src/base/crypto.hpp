#pragma once
/// Randomness, hashes, encodings, and sealing of secrets at rest (libsodium, OpenSSL). Nothing
/// here is an algorithm of our own. Passwords and tokens of people: see accounts/.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth {

void random_fill(std::span<std::uint8_t> bytes);
std::string random_bytes(std::size_t count);

/// `count` characters of a-z0-9 without look-alikes; 5 bits each.
std::string random_word(std::size_t count);

std::string hex(std::string_view bytes);
std::string base64url(std::string_view bytes);  // without padding
std::string base64(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);
Result<std::string> from_hex(std::string_view text);

/// Compares in time that depends on the lengths alone.
bool equal_secret(std::string_view a, std::string_view b);

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view message);  // 32 bytes

/// SHA-256 of what comes piece by piece.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void add(std::string_view bytes);
    std::string hex();  // once, at the end

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Seals small secrets with one key (XChaCha20-Poly1305). The context is authenticated with the
/// text: what was sealed for one project and name opens for no other.
class Sealer {
public:
    explicit Sealer(std::string key);  // 32 bytes

    std::string seal(std::string_view context, std::string_view secret) const;  // base64url
    /// Errors: invalid — another key, another context, or damaged.
    Result<std::string> open(std::string_view context, std::string_view sealed) const;

private:
    std::string key_;
};

}  // namespace berth

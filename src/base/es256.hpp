#pragma once
/// ES256 (RFC 7518 §3.4): ECDSA over P-256 with SHA-256 (OpenSSL), signatures as the 64 bytes that
/// a JWT carries. Whoever checks a token says with which key: nothing in a token chooses how it is
/// checked (RFC 8725).

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace berth {

/// A fresh P-256 private key, PEM.
std::string make_signing_key();

/// The public half: checks signatures.
class VerifyingKey {
public:
    /// Errors: invalid — not a P-256 key in PEM.
    static Result<VerifyingKey> parse(const std::string& pem);

    /// Whether the 64 bytes are this key's signature of `text`.
    bool verify(std::string_view text, std::string_view signature) const;

private:
    friend class SigningKey;
    struct Pair;
    explicit VerifyingKey(std::shared_ptr<const Pair> pair) : pair_(std::move(pair)) {}
    std::shared_ptr<const Pair> pair_;
};

/// Both halves.
class SigningKey {
public:
    /// Throws: std::runtime_error — `private_key` is not a P-256 key in PEM.
    explicit SigningKey(const std::string& private_key);

    /// 64 bytes.
    std::string sign(std::string_view text) const;
    /// PEM.
    std::string public_key() const;
    VerifyingKey verifying_key() const { return VerifyingKey(pair_); }

private:
    std::shared_ptr<const VerifyingKey::Pair> pair_;
};

}  // namespace berth

#pragma once
/// The public keys that a provider signs with, as it publishes them (JSON Web Key Set, RFC 7517).

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/es256.hpp"
#include "base/json.hpp"
#include "base/rs256.hpp"

namespace berth::identity {

class KeySet {
public:
    static constexpr std::size_t keys_max = 100;

    /// Takes RSA keys of 2,048 to 8,192 bits and P-256 keys that are for signatures; leaves out
    /// whatever else a set has: symmetric keys, other curves, keys for encryption.
    /// Errors: unavailable — provider_answer: not a key set, or over 100 keys.
    static Result<KeySet> parse(const json::value& document);

    /// Whether there is a key of that id ("": any) for that algorithm.
    bool knows(std::string_view id, std::string_view algorithm) const;

    /// Whether one of those made the signature. The key says the algorithm, not who presents the
    /// signature (RFC 8725 §3.1): "none" and HMACs are no key's.
    bool verify(std::string_view id, std::string_view algorithm, std::string_view text,
                std::string_view signature) const;

    std::size_t size() const { return keys_.size(); }

private:
    struct Key {
        std::string id{};
        std::variant<VerifyingKey, RsaKey> key;

        bool fits(std::string_view wanted, std::string_view algorithm) const;
    };
    std::vector<Key> keys_{};
};

}  // namespace berth::identity

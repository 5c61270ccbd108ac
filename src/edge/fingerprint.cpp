#include "edge/fingerprint.hpp"

#include <sodium.h>

#include <cstring>

#include "base/crypto.hpp"

namespace berth::edge {

static_assert(crypto_shorthash_KEYBYTES == std::tuple_size_v<FingerprintKey>);
static_assert(crypto_shorthash_BYTES == sizeof(std::uint64_t));

FingerprintKey make_fingerprint_key() {
    FingerprintKey key{};
    random_fill(key);
    return key;
}

std::uint64_t fingerprint(const FingerprintKey& key, std::string_view host) {
    std::array<unsigned char, crypto_shorthash_BYTES> bytes{};
    crypto_shorthash(bytes.data(), reinterpret_cast<const unsigned char*>(host.data()), host.size(),
                     key.data());
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

}  // namespace berth::edge

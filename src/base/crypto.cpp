#include "base/crypto.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <stdexcept>

namespace berth {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

void need_sodium() {
    static const int ready = sodium_init();
    if (ready < 0) throw std::runtime_error("libsodium does not start");
}

std::string encode(std::string_view bytes, int variant) {
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), variant);
    text.resize(text.size() - 1);  // the terminating zero
    return text;
}

}  // namespace

void random_fill(std::span<std::uint8_t> bytes) {
    need_sodium();
    randombytes_buf(bytes.data(), bytes.size());
}

std::string random_bytes(std::size_t count) {
    need_sodium();
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string random_word(std::size_t count) {
    constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789a";
    std::string word = random_bytes(count);
    for (char& letter : word)
        letter = letters[static_cast<unsigned char>(letter) & 31];
    return word;
}

std::string hex(std::string_view bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes_of(bytes), bytes.size());
    text.resize(text.size() - 1);
    return text;
}

std::string base64url(std::string_view bytes) {
    return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string base64(std::string_view bytes) {
    return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}

Result<std::string> from_base64url(std::string_view text) {
    std::string bytes(text.size(), '\0');
    std::size_t length = 0;
    const int bad =
        sodium_base642bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &length,
                          nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    if (bad != 0) return fail(Failure::invalid, "not base64url");
    bytes.resize(length);
    return bytes;
}

Result<std::string> from_hex(std::string_view text) {
    std::string bytes(text.size() / 2, '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    const int bad = sodium_hex2bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr,
                                   &length, &end);
    if (bad != 0 || end != text.data() + text.size() || length * 2 != text.size()) {
        return fail(Failure::invalid, "not hexadecimal");
    }
    return bytes;
}

bool equal_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
    std::string digest(32, '\0');
    EVP_DigestFinal_ex(state_->context, bytes_of(digest), nullptr);
    return berth::hex(digest);
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
    need_sodium();
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes_of(message), message.size());
    std::string digest(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_final(&state, bytes_of(digest));
    return digest;
}

Sealer::Sealer(std::string key) : key_(std::move(key)) {
    need_sodium();
    if (key_.size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES) {
        throw std::invalid_argument("a sealing key has 32 bytes");
    }
}

std::string Sealer::seal(std::string_view context, std::string_view secret) const {
    std::string sealed = random_bytes(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    std::string text(secret.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(text), nullptr, bytes_of(secret),
                                               secret.size(), bytes_of(context), context.size(),
                                               nullptr, bytes_of(sealed), bytes_of(key_));
    return base64url(sealed + text);
}

Result<std::string> Sealer::open(std::string_view context, std::string_view sealed) const {
    constexpr std::size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    constexpr std::size_t tag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    const Result<std::string> bytes = from_base64url(sealed);
    if (!bytes || bytes->size() < nonce + tag) {
        return fail_as(Failure::invalid, "seal_broken", "", "a sealed secret is damaged");
    }
    const std::string_view text = std::string_view(*bytes).substr(nonce);
    std::string secret(text.size() - tag, '\0');
    const int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(
        bytes_of(secret), nullptr, nullptr, bytes_of(text), text.size(), bytes_of(context),
        context.size(), bytes_of(*bytes), bytes_of(key_));
    if (bad != 0) {
        return fail_as(Failure::invalid, "seal_broken", "",
                       "a sealed secret does not open with this instance's key");
    }
    return secret;
}

}  // namespace berth

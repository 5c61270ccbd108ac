#include "base/rs256.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/owned.hpp"

namespace berth {
namespace {

constexpr int bits_min = 2'048;
constexpr int bits_max = 8'192;  // a check of more would hold up the loop

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

struct RsaKey::Held {
    std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>> key;
};

Result<RsaKey> RsaKey::parse(const std::string& pem) {
    const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    auto held = std::make_shared<Held>();
    held->key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    const bool rsa = held->key != nullptr && EVP_PKEY_is_a(held->key.get(), "RSA") == 1;
    const int bits = rsa ? EVP_PKEY_get_bits(held->key.get()) : 0;
    if (bits < bits_min || bits > bits_max)
        return fail(Failure::invalid, "not an RSA key of 2,048 to 8,192 bits in PEM");
    return RsaKey(std::move(held));
}

bool RsaKey::verify(std::string_view text, std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>> digest(EVP_MD_CTX_new());
    const bool good =
        EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, held_->key.get()) == 1 &&
        EVP_DigestVerify(digest.get(), bytes_of(signature), signature.size(), bytes_of(text),
                         text.size()) == 1;
    if (!good) ERR_clear_error();
    return good;
}

}  // namespace berth

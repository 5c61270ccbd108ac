#include "base/es256.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdexcept>

#include "base/owned.hpp"

namespace berth {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, FreedBy<ECDSA_SIG_free>>;

constexpr int half = 32;  // bytes of r and of s

void need(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("signing key: ") + what);
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::string text_of(const Bio& bio) {
    char* start = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &start);
    return std::string(start, static_cast<std::size_t>(length));
}

/// DER, as OpenSSL has it, to the fixed 64 bytes of a JWT.
std::string raw_of(const std::string& der) {
    const unsigned char* place = bytes_of(std::string_view(der));
    const Signature pair(d2i_ECDSA_SIG(nullptr, &place, static_cast<long>(der.size())));
    need(pair != nullptr, "cannot sign");
    std::string raw(2 * half, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes_of(raw), half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes_of(raw) + half, half);
    return raw;
}

std::string der_of(std::string_view raw) {
    const Signature pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(bytes_of(raw), half, nullptr);
    BIGNUM* s = BN_bin2bn(bytes_of(raw) + half, half, nullptr);
    ECDSA_SIG_set0(pair.get(), r, s);
    unsigned char* bytes = nullptr;
    const int length = i2d_ECDSA_SIG(pair.get(), &bytes);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    OPENSSL_free(bytes);
    return der;
}

bool is_p256(EVP_PKEY* key) {
    return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) == 256;
}

}  // namespace

struct VerifyingKey::Pair {
    Pkey key;
};

std::string make_signing_key() {
    const Pkey key(EVP_EC_gen("P-256"));
    need(key != nullptr, "cannot be made");
    const Bio bio(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                       nullptr) == 1,
         "cannot be written");
    return text_of(bio);
}

Result<VerifyingKey> VerifyingKey::parse(const std::string& pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    auto pair = std::make_shared<Pair>();
    pair->key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    if (!is_p256(pair->key.get())) return fail(Failure::invalid, "not a P-256 key in PEM");
    return VerifyingKey(std::move(pair));
}

bool VerifyingKey::verify(std::string_view text, std::string_view signature) const {
    if (signature.size() != 2 * half) return false;
    const std::string der = der_of(signature);
    const Digest digest(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair_->key.get()) ==
               1 &&
           EVP_DigestVerify(digest.get(), bytes_of(std::string_view(der)), der.size(),
                            bytes_of(text), text.size()) == 1;
}

SigningKey::SigningKey(const std::string& private_key) {
    const Bio bio(BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())));
    auto pair = std::make_shared<VerifyingKey::Pair>();
    pair->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    need(pair->key != nullptr, "is not PEM");
    need(is_p256(pair->key.get()), "is not of P-256");
    pair_ = std::move(pair);
}

std::string SigningKey::sign(std::string_view text) const {
    const Digest digest(EVP_MD_CTX_new());
    need(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair_->key.get()) == 1,
         "cannot sign");
    std::string der(128, '\0');
    std::size_t length = der.size();
    need(EVP_DigestSign(digest.get(), bytes_of(der), &length, bytes_of(text), text.size()) == 1,
         "cannot sign");
    der.resize(length);
    return raw_of(der);
}

std::string SigningKey::public_key() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_PUBKEY(bio.get(), pair_->key.get()) == 1, "has no public half");
    return text_of(bio);
}

}  // namespace berth

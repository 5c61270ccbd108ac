#include "accounts/access_token.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <stdexcept>

#include "base/crypto.hpp"

namespace berth::accounts {
namespace {

template <auto release>
struct Releases {
    template <class T>
    void operator()(T* thing) const {
        release(thing);
    }
};
using Pkey = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Releases<BIO_free_all>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Releases<ECDSA_SIG_free>>;

constexpr int half = 32;  // bytes of r and of s (RFC 7518 §3.4)

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

std::string der_of(const std::string& raw) {
    const Signature pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(bytes_of(std::string_view(raw)), half, nullptr);
    BIGNUM* s = BN_bin2bn(bytes_of(std::string_view(raw)) + half, half, nullptr);
    ECDSA_SIG_set0(pair.get(), r, s);
    unsigned char* bytes = nullptr;
    const int length = i2d_ECDSA_SIG(pair.get(), &bytes);
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    OPENSSL_free(bytes);
    return der;
}

Error forged() {
    return fail_as(Failure::unauthenticated, "unauthenticated", "", "not signed in");
}

}  // namespace

std::string make_signing_key() {
    const Pkey key(EVP_EC_gen("P-256"));
    need(key != nullptr, "cannot be made");
    const Bio bio(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                       nullptr) == 1,
         "cannot be written");
    return text_of(bio);
}

struct AccessTokens::Key {
    Pkey pair;

    std::string sign(std::string_view text) const {
        const Digest digest(EVP_MD_CTX_new());
        need(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.get()) == 1,
             "cannot sign");
        std::string der(128, '\0');
        std::size_t length = der.size();
        need(EVP_DigestSign(digest.get(), bytes_of(der), &length, bytes_of(text), text.size()) == 1,
             "cannot sign");
        der.resize(length);
        return raw_of(der);
    }

    bool verify(std::string_view text, const std::string& raw) const {
        if (raw.size() != 2 * half) return false;
        const std::string der = der_of(raw);
        const Digest digest(EVP_MD_CTX_new());
        return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, pair.get()) ==
                   1 &&
               EVP_DigestVerify(digest.get(), bytes_of(std::string_view(der)), der.size(),
                                bytes_of(text), text.size()) == 1;
    }
};

AccessTokens::AccessTokens(const std::string& private_key) : key_(std::make_unique<Key>()) {
    const Bio bio(BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size())));
    key_->pair.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    need(key_->pair != nullptr, "is not PEM");
    need(EVP_PKEY_is_a(key_->pair.get(), "EC") == 1 && EVP_PKEY_get_bits(key_->pair.get()) == 256,
         "is not of P-256");
    const std::string kid = sha256_hex(public_key()).substr(0, 16);
    head_ = base64url(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"at+jwt"})");
}

AccessTokens::~AccessTokens() = default;

std::string AccessTokens::public_key() const {
    const Bio bio(BIO_new(BIO_s_mem()));
    need(PEM_write_bio_PUBKEY(bio.get(), key_->pair.get()) == 1, "has no public half");
    return text_of(bio);
}

std::string AccessTokens::issue(const std::string& user, const std::string& session,
                                std::int64_t now_ms) const {
    const AccessClaims claims{
        .sub = user,
        .sid = session,
        .iat = now_ms / 1000,
        .exp = (now_ms + lifetime_ms) / 1000,
    };
    const std::string signed_part = head_ + "." + base64url(json::text(claims));
    return signed_part + "." + base64url(key_->sign(signed_part));
}

Result<AccessClaims> AccessTokens::check(std::string_view token, std::int64_t now_ms) const {
    const std::size_t dot = token.rfind('.');
    // The head must be ours to the byte: no other algorithm, key or type is ever looked at.
    if (token.size() > 2048 || dot == std::string_view::npos || !token.starts_with(head_ + ".") ||
        dot <= head_.size()) {
        return forged();
    }
    const Result<std::string> signature = from_base64url(token.substr(dot + 1));
    if (!signature || !key_->verify(token.substr(0, dot), *signature)) return forged();
    const Result<std::string> body =
        from_base64url(token.substr(head_.size() + 1, dot - head_.size() - 1));
    if (!body) return forged();
    const Result<AccessClaims> claims = json::parse_as<AccessClaims>(*body);
    const AccessClaims ours;
    if (!claims || claims->iss != ours.iss || claims->aud != ours.aud) return forged();
    if (claims->exp <= now_ms / 1000) {
        return fail_as(Failure::unauthenticated, "access_expired", "", "the access has expired");
    }
    return claims;
}

}  // namespace berth::accounts

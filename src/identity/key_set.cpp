#include "identity/key_set.hpp"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <memory>
#include <optional>

#include "base/crypto.hpp"
#include "base/owned.hpp"

namespace berth::identity {
namespace {

using Pkey = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreedBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreedBy<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;

constexpr std::size_t modulus_bytes_max = 1024;
constexpr std::size_t exponent_bytes_max = 8;  // a longer one would only make checks slow
constexpr std::size_t coordinate_bytes = 32;

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(const json::bj::object& key, std::string_view name) {
    const json::value* found = key.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

/// The bytes of a member; "" when it is not there or not base64url.
std::string bytes_at(const json::bj::object& key, std::string_view name) {
    Result<std::string> bytes = from_base64url(text_of(key, name));
    return bytes ? std::move(*bytes) : std::string();
}

std::string pem_of(const char* type, const Builder& builder) {
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* made = nullptr;
    const bool good =
        params != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
    const Pkey key(made);
    const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    if (!good || bio == nullptr || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
        ERR_clear_error();
        return "";
    }
    char* start = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &start);
    return std::string(start, static_cast<std::size_t>(length));
}

std::optional<RsaKey> rsa_of(const json::bj::object& key) {
    const std::string n = bytes_at(key, "n");
    const std::string e = bytes_at(key, "e");
    if (n.empty() || n.size() > modulus_bytes_max || e.empty() || e.size() > exponent_bytes_max) {
        return std::nullopt;
    }
    const Number modulus(BN_bin2bn(bytes_of(n), static_cast<int>(n.size()), nullptr));
    const Number exponent(BN_bin2bn(bytes_of(e), static_cast<int>(e.size()), nullptr));
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
    Result<RsaKey> made = RsaKey::parse(pem_of("RSA", builder));
    return made ? std::optional(std::move(*made)) : std::nullopt;
}

/// OpenSSL refuses a point that is not on the curve.
std::optional<VerifyingKey> p256_of(const json::bj::object& key) {
    const std::string x = bytes_at(key, "x");
    const std::string y = bytes_at(key, "y");
    if (text_of(key, "crv") != "P-256" || x.size() != coordinate_bytes ||
        y.size() != coordinate_bytes) {
        return std::nullopt;
    }
    const std::string point = "\x04" + x + y;
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    Result<VerifyingKey> made = VerifyingKey::parse(pem_of("EC", builder));
    return made ? std::optional(std::move(*made)) : std::nullopt;
}

/// A member that is there must say that; one that is not says nothing.
bool says(const json::bj::object& key, std::string_view name, std::string_view wanted) {
    return !key.contains(name) || text_of(key, name) == wanted;
}

std::string_view algorithm_of(const std::variant<VerifyingKey, RsaKey>& key) {
    return std::holds_alternative<VerifyingKey>(key) ? "ES256" : "RS256";
}

Error not_a_key_set() {
    return fail_as(Failure::unavailable, "provider_answer", "",
                   "what the provider publishes as its keys is not a key set of at most {} keys",
                   KeySet::keys_max);
}

}  // namespace

Result<KeySet> KeySet::parse(const json::value& document) {
    const json::value* list =
        document.is_object() ? document.get_object().if_contains("keys") : nullptr;
    if (list == nullptr || !list->is_array() || list->get_array().size() > keys_max) {
        return not_a_key_set();
    }
    KeySet set;
    for (const json::value& item : list->get_array()) {
        if (!item.is_object()) return not_a_key_set();
        const json::bj::object& key = item.get_object();
        const std::string id = text_of(key, "kid");
        const std::string type = text_of(key, "kty");
        if (!says(key, "use", "sig")) continue;
        if (type == "RSA" && says(key, "alg", "RS256")) {
            if (auto rsa = rsa_of(key)) set.keys_.push_back({id, std::move(*rsa)});
        } else if (type == "EC" && says(key, "alg", "ES256")) {
            if (auto p256 = p256_of(key)) set.keys_.push_back({id, std::move(*p256)});
        }
    }
    return set;
}

bool KeySet::Key::fits(std::string_view wanted, std::string_view algorithm) const {
    return (wanted.empty() || id == wanted) && algorithm_of(key) == algorithm;
}

bool KeySet::knows(std::string_view id, std::string_view algorithm) const {
    return std::ranges::any_of(keys_, [&](const Key& key) { return key.fits(id, algorithm); });
}

bool KeySet::verify(std::string_view id, std::string_view algorithm, std::string_view text,
                    std::string_view signature) const {
    return std::ranges::any_of(keys_, [&](const Key& one) {
        const auto check = [&](const auto& key) { return key.verify(text, signature); };
        return one.fits(id, algorithm) && std::visit(check, one.key);
    });
}

}  // namespace berth::identity

#include "accounts/webauthn.hpp"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

#include <memory>
#include <optional>

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace berth::accounts {
namespace {

constexpr std::size_t client_data_bytes_max = 4096;
constexpr std::size_t authenticator_data_bytes_max = 4096;
constexpr std::size_t credential_bytes_max = 1023;  // WebAuthn §4
constexpr unsigned char user_present = 0x01, user_verified = 0x04, has_credential = 0x40;

Error refused(std::string_view why) {
    return fail_as(Failure::invalid, "passkey_refused", "", "the passkey was refused: {}", why);
}

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string sha256(const std::string& text) {
    return from_hex(sha256_hex(text)).value();
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const boost::json::value* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

/// What the browser itself vouches for.
Result<> check_client_data(const RelyingParty& party, std::string_view type,
                           const std::string& challenge, const std::string& client_data) {
    if (client_data.size() > client_data_bytes_max) return refused("client data too large");
    const Result<json::value> parsed = json::parse(client_data);
    if (!parsed || !parsed->is_object()) return refused("malformed client data");
    const boost::json::object& data = parsed->get_object();
    if (text_of(data, "type") != type) return refused("of another kind");
    if (!equal_secret(text_of(data, "challenge"), base64url(challenge))) {
        return refused("made for another request");
    }
    const std::string origin = text_of(data, "origin");
    if (std::ranges::find(party.origins, origin) == party.origins.end()) {
        return refused("made on another site");
    }
    const boost::json::value* crossed = data.if_contains("crossOrigin");
    if (crossed != nullptr && *crossed != boost::json::value(false)) {
        return refused("made inside another site's page");
    }
    return {};
}

/// The fixed part of what the authenticator vouches for: 32 bytes hash of the site, flags, count.
Result<> check_authenticator_data(const RelyingParty& party, const std::string& data) {
    if (data.size() < 37 || data.size() > authenticator_data_bytes_max) {
        return refused("malformed authenticator data");
    }
    if (!equal_secret(data.substr(0, 32), sha256(party.id))) return refused("of another site");
    const auto flags = static_cast<unsigned char>(data[32]);
    if ((flags & user_present) == 0) return refused("nobody was present");
    if ((flags & user_verified) == 0) return refused("the user was not verified");
    return {};
}

struct FreeCredential {
    void operator()(fido_cred_t* one) const { fido_cred_free(&one); }
};
struct FreeAssertion {
    void operator()(fido_assert_t* one) const { fido_assert_free(&one); }
};

std::int64_t count_of(const std::string& authenticator_data) {
    std::int64_t count = 0;
    for (std::size_t i = 33; i < 37; ++i)
        count = (count << 8) | static_cast<unsigned char>(authenticator_data[i]);
    return count;
}

/// Id and key, which is in COSE's form, are read by the library; it wants to know the algorithm.
std::optional<PasskeyKey> key_in(const std::string& authenticator_data) {
    for (const int algorithm : {COSE_ES256, COSE_EDDSA, COSE_RS256}) {
        const std::unique_ptr<fido_cred_t, FreeCredential> credential(fido_cred_new());
        fido_cred_t* one = credential.get();
        const bool read = one != nullptr && fido_cred_set_type(one, algorithm) == FIDO_OK &&
                          fido_cred_set_authdata_raw(one, bytes_of(authenticator_data),
                                                     authenticator_data.size()) == FIDO_OK;
        if (!read || fido_cred_pubkey_ptr(one) == nullptr || fido_cred_id_ptr(one) == nullptr) {
            continue;
        }
        const auto* id = reinterpret_cast<const char*>(fido_cred_id_ptr(one));
        const auto* key = reinterpret_cast<const char*>(fido_cred_pubkey_ptr(one));
        return PasskeyKey{.credential = std::string(id, fido_cred_id_len(one)),
                          .algorithm = algorithm,
                          .public_key = std::string(key, fido_cred_pubkey_len(one)),
                          .sign_count = count_of(authenticator_data)};
    }
    return std::nullopt;
}

/// Calls `verify(pointer to libfido2's key)` with the key of that algorithm.
template <class Verify>
bool with_key(const PasskeyKey& key, Verify verify) {
    if (key.algorithm == COSE_ES256) {
        const std::unique_ptr<es256_pk_t, void (*)(es256_pk_t*)> pk(
            es256_pk_new(), [](es256_pk_t* one) { es256_pk_free(&one); });
        return es256_pk_from_ptr(pk.get(), key.public_key.data(), key.public_key.size()) ==
                   FIDO_OK &&
               verify(pk.get());
    }
    if (key.algorithm == COSE_EDDSA) {
        const std::unique_ptr<eddsa_pk_t, void (*)(eddsa_pk_t*)> pk(
            eddsa_pk_new(), [](eddsa_pk_t* one) { eddsa_pk_free(&one); });
        return eddsa_pk_from_ptr(pk.get(), key.public_key.data(), key.public_key.size()) ==
                   FIDO_OK &&
               verify(pk.get());
    }
    const std::unique_ptr<rs256_pk_t, void (*)(rs256_pk_t*)> pk(
        rs256_pk_new(), [](rs256_pk_t* one) { rs256_pk_free(&one); });
    return rs256_pk_from_ptr(pk.get(), key.public_key.data(), key.public_key.size()) == FIDO_OK &&
           verify(pk.get());
}

bool signature_fits(const RelyingParty& party, const PasskeyKey& key,
                    const std::string& client_data, const std::string& authenticator_data,
                    const std::string& signature) {
    const std::unique_ptr<fido_assert_t, FreeAssertion> assertion(fido_assert_new());
    const std::string hash = sha256(client_data);
    fido_assert_t* one = assertion.get();
    const bool set = one != nullptr &&
                     fido_assert_set_clientdata_hash(one, bytes_of(hash), hash.size()) == FIDO_OK &&
                     fido_assert_set_rp(one, party.id.c_str()) == FIDO_OK &&
                     fido_assert_set_up(one, FIDO_OPT_TRUE) == FIDO_OK &&
                     fido_assert_set_uv(one, FIDO_OPT_TRUE) == FIDO_OK &&
                     fido_assert_set_count(one, 1) == FIDO_OK &&
                     fido_assert_set_authdata_raw(one, 0, bytes_of(authenticator_data),
                                                  authenticator_data.size()) == FIDO_OK &&
                     fido_assert_set_sig(one, 0, bytes_of(signature), signature.size()) == FIDO_OK;
    if (!set) return false;
    return with_key(key, [&](const void* pk) {
        return fido_assert_verify(one, 0, static_cast<int>(key.algorithm), pk) == FIDO_OK;
    });
}

Error not_signed_in(Error why) {
    why.failure = Failure::unauthenticated;
    return why;
}

}  // namespace

Result<PasskeyKey> check_registration(const RelyingParty& party, const std::string& challenge,
                                      const std::string& client_data,
                                      const std::string& authenticator_data) {
    const Result<> client = check_client_data(party, "webauthn.create", challenge, client_data);
    if (!client) return client.error();
    const Result<> device = check_authenticator_data(party, authenticator_data);
    if (!device) return device.error();
    if ((static_cast<unsigned char>(authenticator_data[32]) & has_credential) == 0) {
        return refused("no passkey in it");
    }
    const std::optional<PasskeyKey> found = key_in(authenticator_data);
    if (!found) return refused("a key of another kind, or malformed authenticator data");
    PasskeyKey key = *found;
    if (key.credential.empty() || key.credential.size() > credential_bytes_max) {
        return refused("its id is malformed");
    }
    return key;
}

Result<std::int64_t> check_assertion(const RelyingParty& party, const std::string& challenge,
                                     const PasskeyKey& key, const std::string& client_data,
                                     const std::string& authenticator_data,
                                     const std::string& signature) {
    const Result<> client = check_client_data(party, "webauthn.get", challenge, client_data);
    if (!client) return not_signed_in(client.error());
    const Result<> device = check_authenticator_data(party, authenticator_data);
    if (!device) return not_signed_in(device.error());
    if (!signature_fits(party, key, client_data, authenticator_data, signature)) {
        return not_signed_in(refused("the signature is wrong"));
    }
    const std::int64_t count = count_of(authenticator_data);
    const bool counts = count != 0 || key.sign_count != 0;
    if (counts && count <= key.sign_count) {
        return not_signed_in(refused("its counter went back, as of a copy"));
    }
    return count;
}

}  // namespace berth::accounts

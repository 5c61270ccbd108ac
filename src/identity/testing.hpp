#pragma once
/// For tests only: keys of providers, tokens as one likes them, and a provider in memory that
/// behaves, or does not.

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <map>
#include <memory>
#include <set>

#include "base/crypto.hpp"
#include "base/es256.hpp"
#include "base/owned.hpp"
#include "http/client.hpp"
#include "identity/identity_client.hpp"

namespace berth::identity::testing {

using Pkey = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;

/// A key pair of a provider, of either algorithm.
class TestKey {
public:
    static TestKey p256(std::string id) { return {std::move(id), "ES256", EVP_EC_gen("P-256")}; }
    static TestKey p384(std::string id) { return {std::move(id), "ES256", EVP_EC_gen("P-384")}; }
    static TestKey rsa(std::string id, unsigned bits = 2048) {
        return {std::move(id), "RS256", EVP_RSA_gen(bits)};
    }

    const std::string& id() const { return id_; }
    const std::string& algorithm() const { return algorithm_; }

    json::bj::object jwk() const {
        json::bj::object jwk{{"kid", id_}, {"use", "sig"}, {"alg", algorithm_}};
        if (algorithm_ == "RS256") {
            jwk["kty"] = "RSA";
            jwk["n"] = base64url(number(OSSL_PKEY_PARAM_RSA_N));
            jwk["e"] = base64url(number(OSSL_PKEY_PARAM_RSA_E));
        } else {
            jwk["kty"] = "EC";
            jwk["crv"] = EVP_PKEY_get_bits(key_.get()) == 256 ? "P-256" : "P-384";
            jwk["x"] = base64url(number(OSSL_PKEY_PARAM_EC_PUB_X));
            jwk["y"] = base64url(number(OSSL_PKEY_PARAM_EC_PUB_Y));
        }
        return jwk;
    }

    std::string public_pem() const {
        const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PUBKEY(bio.get(), key_.get());
        char* start = nullptr;
        const long length = BIO_get_mem_data(bio.get(), &start);
        return {start, static_cast<std::size_t>(length)};
    }

    /// As a JWT has it.
    std::string sign(const std::string& text) const {
        if (algorithm_ == "ES256") return SigningKey(private_pem()).sign(text);
        const std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>> digest(EVP_MD_CTX_new());
        EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get());
        std::string signature(1024, '\0');
        std::size_t size = signature.size();
        EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size());
        signature.resize(size);
        return signature;
    }

private:
    TestKey(std::string id, std::string algorithm, EVP_PKEY* key)
        : id_(std::move(id)), algorithm_(std::move(algorithm)), key_(key) {}

    std::string number(const char* name) const {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key_.get(), name, &value);
        const std::unique_ptr<BIGNUM, FreedBy<BN_free>> owned(value);
        const bool point = std::string_view(name).starts_with("q");
        const int bytes = point ? (EVP_PKEY_get_bits(key_.get()) + 7) / 8 : BN_num_bytes(value);
        std::string text(static_cast<std::size_t>(bytes), '\0');
        BN_bn2binpad(value, reinterpret_cast<unsigned char*>(text.data()), bytes);
        return text;
    }
    std::string private_pem() const {
        const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        char* start = nullptr;
        const long length = BIO_get_mem_data(bio.get(), &start);
        return {start, static_cast<std::size_t>(length)};
    }

    std::string id_;
    std::string algorithm_;
    Pkey key_;
};

inline std::string part(const json::bj::object& object) {
    return base64url(json::bj::serialize(object));
}

inline std::string token_of(const json::bj::object& head, const json::bj::object& claims,
                            const std::function<std::string(const std::string&)>& sign) {
    const std::string text = part(head) + "." + part(claims);
    return text + "." + base64url(sign(text));
}

inline std::string token_of(const TestKey& key, const json::bj::object& claims) {
    const json::bj::object head{{"alg", key.algorithm()}, {"kid", key.id()}, {"typ", "JWT"}};
    return token_of(head, claims, [&](const std::string& text) { return key.sign(text); });
}

/// An OpenID Connect provider at https://login.example, and GitHub, in memory.
class FakeProvider final : public http::Client {
public:
    explicit FakeProvider(Clock now_ms) : now_ms_(std::move(now_ms)) {}

    /// What somebody's browser does there: they sign in and agree. Returns the code.
    std::string consent(const std::string& url) {
        const auto parsed = boost::urls::parse_uri(url).value();
        Visit visit;
        for (const auto& parameter : parsed.params())
            visit.parameters[parameter.key] = parameter.value;
        const std::string code = "code-" + std::to_string(++last_code_);
        codes_[code] = visit;
        last = visit.parameters;
        return code;
    }

    Task<Result<http::Reply>> send(http::Call call) override {
        asked.push_back(call.url);
        if (away) co_return fail(Failure::unavailable, "connection refused");
        if (blocked) co_return fail_as(Failure::forbidden, "address_blocked", "", "10.0.0.1");
        const auto own = answers.find(call.url);
        if (own != answers.end()) co_return own->second;
        co_return answer(call);
    }

    std::size_t count(std::string_view end) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            asked, [&](const std::string& one) { return one.ends_with(end); }));
    }

    json::bj::object discovery() const {
        return {{"issuer", issuer},
                {"authorization_endpoint", issuer + "/authorize"},
                {"token_endpoint", issuer + "/token"},
                {"jwks_uri", issuer + "/keys"},
                {"userinfo_endpoint", issuer + "/me"}};
    }

    std::string issuer = "https://login.example";
    std::string client_id = "berth";
    std::string client_secret = "s3cret";
    std::vector<TestKey> keys = one_key();
    std::string subject = "u-1";
    std::int64_t github_id = 7;
    std::string email = "ann@example.com";
    bool email_verified = true;
    bool email_in_token = true;
    bool away = false;
    bool blocked = false;
    /// Changes the claims of the next tokens.
    std::function<void(json::bj::object&)> edit{};
    std::map<std::string, http::Reply> answers{};  // by URL, instead of its own
    std::vector<std::string> asked{};              // URLs
    std::map<std::string, std::string> last{};     // parameters that a browser came with

private:
    struct Visit {
        std::map<std::string, std::string> parameters{};
    };

    static std::vector<TestKey> one_key() {
        std::vector<TestKey> keys;
        keys.push_back(TestKey::p256("k1"));
        return keys;
    }
    static http::Reply reply(unsigned status, const json::value& body) {
        return {.status = status, .headers = {}, .body = json::bj::serialize(body)};
    }
    static std::string bearer(const http::Call& call) {
        const std::string given(call.headers.get("authorization"));
        return given.starts_with("Bearer ") ? given.substr(7) : "";
    }

    http::Reply answer(const http::Call& call) {
        const std::string& url = call.url;
        if (url == issuer + "/.well-known/openid-configuration") return reply(200, discovery());
        if (url == issuer + "/keys") return reply(200, key_set());
        if (url == issuer + "/token" || url == "https://github.com/login/oauth/access_token") {
            return token(call);
        }
        if (bearer(call) != "access") return {.status = 401};
        const json::bj::object claims{
            {"sub", subject}, {"email", email}, {"email_verified", email_verified}};
        if (url == issuer + "/me") return reply(200, claims);
        if (url == "https://api.github.com/user") {
            return reply(200, json::bj::object{{"id", github_id}, {"login", "ann"}});
        }
        if (url.starts_with("https://api.github.com/user/emails")) return reply(200, emails());
        return {.status = 404};
    }

    json::value key_set() const {
        json::bj::array list;
        for (const TestKey& key : keys)
            list.push_back(key.jwk());
        return json::bj::object{{"keys", std::move(list)}};
    }

    json::value emails() const {
        return json::bj::array{
            json::bj::object{{"email", "old@example.com"}, {"primary", false}, {"verified", true}},
            json::bj::object{{"email", email}, {"primary", true}, {"verified", email_verified}}};
    }

    static std::map<std::string, std::string> form_of(const std::string& body) {
        std::map<std::string, std::string> form;
        for (const auto& parameter : boost::urls::parse_uri("x:?" + body).value().params())
            form[parameter.key] = parameter.value;
        return form;
    }

    /// One use of a code, by who asked for it, with the verifier of its challenge.
    http::Reply token(const http::Call& call) {
        const auto form = form_of(call.body);
        const auto at = [&](const std::string& name) {
            return form.contains(name) ? form.at(name) : "";
        };
        const std::string basic =
            "Basic " + base64(client_id + ":" + http::percent_encode(client_secret));
        const bool client = call.headers.get("authorization") == basic ||
                            (at("client_id") == client_id && at("client_secret") == client_secret);
        const auto found = codes_.find(at("code"));
        if (!client) return reply(401, json::bj::object{{"error", "invalid_client"}});
        if (found == codes_.end()) return reply(400, json::bj::object{{"error", "invalid_grant"}});
        const auto parameters = found->second.parameters;
        codes_.erase(found);
        const std::string challenge = base64url(from_hex(sha256_hex(at("code_verifier"))).value());
        if (challenge != parameters.at("code_challenge") ||
            at("redirect_uri") != parameters.at("redirect_uri")) {
            return reply(400, json::bj::object{{"error", "invalid_grant"}});
        }
        json::bj::object body{{"access_token", "access"}, {"token_type", "Bearer"}};
        if (parameters.contains("nonce")) body["id_token"] = id_token(parameters.at("nonce"));
        return reply(200, body);
    }

    std::string id_token(const std::string& nonce) {
        const std::int64_t now_s = now_ms_() / 1000;
        json::bj::object claims{{"iss", issuer}, {"sub", subject},     {"aud", client_id},
                                {"iat", now_s},  {"exp", now_s + 300}, {"nonce", nonce}};
        if (email_in_token) {
            claims["email"] = email;
            claims["email_verified"] = email_verified;
        }
        if (edit) edit(claims);
        return token_of(keys.front(), claims);
    }

    Clock now_ms_;
    std::map<std::string, Visit> codes_{};
    int last_code_ = 0;
};

}  // namespace berth::identity::testing

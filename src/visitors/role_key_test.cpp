#include "visitors/role_key.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/crypto.hpp"
#include "base/owned.hpp"

namespace berth::visitors {
namespace {

using Roles = std::vector<std::string>;
using Pkey = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;

constexpr std::int64_t now_s = 1'800'000'000;

std::string with_signature(const std::string& text, const std::string& signature) {
    return text + "." + base64url(signature);
}

std::string claims(const std::string& more = R"(,"exp":1800000060)") {
    return R"({"sub":"u","app_metadata":{"authorization":{"roles":["admin","editor"]}})" + more +
           "}";
}

std::string public_pem(EVP_PKEY* key) {
    const std::unique_ptr<BIO, FreedBy<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(bio.get(), key);
    char* start = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &start);
    return {start, static_cast<std::size_t>(length)};
}

std::string rsa_signature(EVP_PKEY* key, const std::string& text) {
    const std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>> digest(EVP_MD_CTX_new());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   text.size());
    signature.resize(size);
    return signature;
}

class RoleKeyTest : public testing::Test {
protected:
    std::string token(const std::string& body, const std::string& head = R"({"alg":"ES256"})") {
        const std::string text = base64url(head) + "." + base64url(body);
        return with_signature(text, key_.sign(text));
    }
    Roles roles(const std::string& given, std::int64_t at_s = now_s) {
        return memory_.roles(pem_, given, at_s * 1000);
    }

    SigningKey key_{make_signing_key()};
    std::string pem_ = key_.public_key();
    RoleMemory memory_{};
};

TEST_F(RoleKeyTest, names_the_roles_while_the_token_lasts) {
    const Roles both{"admin", "editor"};
    EXPECT_EQ(roles(token(claims())), both);
    EXPECT_EQ(roles(token(claims())), both) << "from memory";
    EXPECT_EQ(roles(token(claims()), now_s + 59), both);
    EXPECT_EQ(roles(token(claims()), now_s + 60), Roles()) << "it has expired, also in memory";
    EXPECT_EQ(roles(token(claims(""))), both) << "no end";
    EXPECT_EQ(roles(token(claims(R"(,"nbf":1800000050)"))), both) << "within a minute";
    EXPECT_EQ(roles(token(claims(R"(,"nbf":1800000090)"))), Roles());
    EXPECT_EQ(roles(token(claims(R"(,"exp":1800000060.5)"))), both) << "times may have a fraction";
}

TEST_F(RoleKeyTest, takes_nothing_that_the_key_did_not_sign) {
    const std::string good = token(claims());
    std::string other = good;
    other[good.find('.') + 3] ^= 1;
    EXPECT_EQ(roles(other), Roles());
    EXPECT_EQ(roles(good.substr(0, good.rfind('.') + 1)), Roles()) << "no signature";
    EXPECT_EQ(roles(good + "A"), Roles());
    EXPECT_EQ(roles(good + "." + good), Roles());
    EXPECT_EQ(roles(token(claims(), R"({"alg":"none"})")), Roles());
    EXPECT_EQ(roles(token(claims(), R"({"alg":"HS256"})")), Roles())
        << "the key's text is no secret";
    EXPECT_EQ(roles(token(claims(), R"({"alg":"RS256"})")), Roles());
    EXPECT_EQ(roles(token(claims(), R"({"alg":7})")), Roles());
    EXPECT_EQ(roles(token(claims(), R"({"alg":"ES256","crit":["b64"],"b64":false})")), Roles());
    EXPECT_EQ(roles(token(claims(), "[]")), Roles());
    const std::string stranger = SigningKey(make_signing_key()).public_key();
    EXPECT_EQ(memory_.roles(stranger, good, now_s * 1000), Roles());
    EXPECT_EQ(memory_.roles("no key", good, now_s * 1000), Roles());
}

TEST_F(RoleKeyTest, reads_odd_claims_as_no_roles_and_odd_times_as_no_token) {
    for (const char* body :
         {"{}", "[]", R"({"app_metadata":[]})", R"({"app_metadata":{"authorization":7}})",
          R"({"app_metadata":{"authorization":{"roles":"admin"}}})",
          R"({"app_metadata":{"authorization":{"roles":[7,null]}}})", "{", ""})
        EXPECT_EQ(roles(token(body)), Roles()) << body;
    for (const char* end : {R"(,"exp":"1900000000")", R"(,"exp":-1)", R"(,"exp":null)",
                            R"(,"exp":1e300)", R"(,"nbf":"x")"})
        EXPECT_EQ(roles(token(claims(end))), Roles()) << end;
    EXPECT_EQ(roles(token(claims(R"(,"x":")" + std::string(9'000, 'x') + "\""))), Roles());
}

TEST_F(RoleKeyTest, checks_rs256_by_an_rsa_key) {
    const Pkey rsa(EVP_RSA_gen(2048));
    const std::string pem = public_pem(rsa.get());
    const auto signed_as = [&](const std::string& head) {
        const std::string text = base64url(head) + "." + base64url(claims());
        return with_signature(text, rsa_signature(rsa.get(), text));
    };
    EXPECT_EQ(memory_.roles(pem, signed_as(R"({"alg":"RS256","kid":"1"})"), now_s * 1000),
              (Roles{"admin", "editor"}));
    EXPECT_EQ(memory_.roles(pem, signed_as(R"({"alg":"ES256"})"), now_s * 1000), Roles());
    EXPECT_EQ(memory_.roles(pem, token(claims(), R"({"alg":"RS256"})"), now_s * 1000), Roles());
}

TEST_F(RoleKeyTest, refuses_keys_that_are_weak_private_or_none) {
    const Pkey weak(EVP_RSA_gen(1024));
    const Pkey wide(EVP_EC_gen("P-384"));
    for (const std::string& pem :
         {public_pem(weak.get()), public_pem(wide.get()), make_signing_key(), std::string(),
          std::string("x"), pem_ + std::string(RoleKey::pem_bytes_max, '\n')}) {
        EXPECT_EQ(RoleKey::parse(pem).error().failure, Failure::invalid) << pem.substr(0, 40);
    }
}

TEST_F(RoleKeyTest, remembers_within_bounds) {
    for (std::size_t i = 0; i < RoleMemory::keys_max + 5; ++i)
        memory_.roles("key " + std::to_string(i), "a.b.c", 0);
    EXPECT_EQ(roles(token(claims())).size(), 2u);
}

}  // namespace
}  // namespace berth::visitors

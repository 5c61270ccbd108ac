#include "identity/key_set.hpp"

#include <gtest/gtest.h>

#include "identity/testing.hpp"

namespace berth::identity {
namespace {

using testing::TestKey;

json::value set_of(json::bj::array keys) {
    return json::bj::object{{"keys", std::move(keys)}};
}

TEST(KeySetTest, verifies_with_the_key_of_that_name_and_algorithm) {
    const TestKey rsa = TestKey::rsa("r");
    const TestKey p256 = TestKey::p256("p");
    const KeySet keys = KeySet::parse(set_of({rsa.jwk(), p256.jwk()})).value();
    EXPECT_EQ(keys.size(), 2u);
    EXPECT_TRUE(keys.verify("r", "RS256", "text", rsa.sign("text")));
    EXPECT_TRUE(keys.verify("p", "ES256", "text", p256.sign("text")));
    EXPECT_TRUE(keys.verify("", "ES256", "text", p256.sign("text")));
    EXPECT_FALSE(keys.verify("r", "RS256", "other", rsa.sign("text")));
    EXPECT_FALSE(keys.verify("p", "ES256", "other", p256.sign("text")));
    EXPECT_FALSE(keys.verify("r", "RS256", "text", ""));
    EXPECT_FALSE(keys.verify("p", "ES256", "text", std::string(64, '\0')));
    EXPECT_FALSE(keys.knows("p", "RS256"));
    EXPECT_FALSE(keys.knows("r", "ES256"));
    EXPECT_FALSE(keys.knows("x", "RS256"));
    EXPECT_FALSE(keys.knows("r", "HS256"));
    EXPECT_FALSE(keys.knows("r", "none"));
}

TEST(KeySetTest, leaves_out_what_signs_no_token_of_ours) {
    json::bj::object for_encryption = TestKey::p256("a").jwk();
    for_encryption["use"] = "enc";
    json::bj::object of_another_algorithm = TestKey::rsa("b").jwk();
    of_another_algorithm["alg"] = "PS256";
    const json::bj::object symmetric{{"kty", "oct"}, {"k", "AAAA"}, {"kid", "c"}};
    json::bj::object off_curve = TestKey::p256("d").jwk();
    off_curve["x"] = base64url(std::string(32, '\1'));
    json::bj::object slow = TestKey::rsa("e").jwk();
    slow["e"] = base64url(std::string(64, '\xff'));
    const KeySet keys =
        KeySet::parse(set_of({for_encryption, of_another_algorithm, symmetric, off_curve, slow,
                              TestKey::rsa("f", 1024).jwk(), TestKey::p384("g").jwk(),
                              json::bj::object{}, json::bj::object{{"kty", "RSA"}}}))
            .value();
    EXPECT_EQ(keys.size(), 0u);
}

TEST(KeySetTest, refuses_what_is_no_key_set) {
    json::bj::array many(KeySet::keys_max + 1, json::bj::object{});
    for (const json::value& bad :
         {json::value(nullptr), json::value(json::bj::object{}),
          json::value(json::bj::object{{"keys", "x"}}), set_of({"x"}), set_of(many)}) {
        EXPECT_EQ(KeySet::parse(bad).error().code, "provider_answer");
    }
}

}  // namespace
}  // namespace berth::identity

// What a browser sends for a passkey, right and with each part of it wrong.
#include "accounts/webauthn.hpp"

#include <gtest/gtest.h>

#include "accounts/passkey_testing.hpp"

namespace berth::accounts {
namespace {

class WebAuthnTest : public testing::Test {
protected:
    std::string registered(const std::string& client, const std::string& data) {
        const Result<PasskeyKey> key = check_registration(party_, challenge_, client, data);
        return key ? "ok" : key.error().message;
    }
    std::string asserted(const std::string& client, const std::string& data,
                         const std::string& signature) {
        const Result<std::int64_t> count =
            check_assertion(party_, challenge_, key_, client, data, signature);
        if (count) return "ok " + std::to_string(*count);
        EXPECT_EQ(count.error().failure, Failure::unauthenticated);
        EXPECT_EQ(count.error().code, "passkey_refused");
        return count.error().message;
    }
    std::string signed_in(const std::string& client, unsigned char flags = 0x05) {
        const std::string data = device_.head(flags);
        return asserted(client, data, device_.sign(data, client));
    }

    const RelyingParty party_{"berth.example", {"https://berth.example", "https://other.example"}};
    const std::string challenge_ = random_bytes(32);
    TestAuthenticator device_{};
    const std::string create_ = TestAuthenticator::client_data("webauthn.create", challenge_);
    const std::string get_ = TestAuthenticator::client_data("webauthn.get", challenge_);
    PasskeyKey key_ = check_registration(party_, challenge_, create_, device_.new_key()).value();
};

TEST_F(WebAuthnTest, a_new_key_is_read) {
    EXPECT_EQ(key_.credential, device_.id);
    EXPECT_EQ(key_.algorithm, -7);
    EXPECT_EQ(key_.public_key, device_.public_point());
    EXPECT_EQ(key_.sign_count, 0);
}

TEST_F(WebAuthnTest, a_sign_in_is_checked_with_it) {
    EXPECT_EQ(signed_in(get_), "ok 0");
    device_.count = 9;
    EXPECT_EQ(signed_in(get_), "ok 9");
}

TEST_F(WebAuthnTest, client_data_of_another_request_site_or_kind_is_refused) {
    using A = TestAuthenticator;
    const std::string other = random_bytes(32);
    const std::string origins[] = {"https://evil.example",
                                   "http://berth.example",
                                   "https://berth.example.evil.example",
                                   "https://berth.example:8443",
                                   "https://sub.berth.example",
                                   "",
                                   "HTTPS://BERTH.EXAMPLE"};
    for (const std::string& origin : origins) {
        EXPECT_NE(
            registered(A::client_data("webauthn.create", challenge_, origin), device_.new_key()),
            "ok")
            << origin;
        EXPECT_TRUE(signed_in(A::client_data("webauthn.get", challenge_, origin))
                        .ends_with("made on another site"))
            << origin;
    }
    EXPECT_TRUE(signed_in(A::client_data("webauthn.get", other)).ends_with("another request"));
    EXPECT_TRUE(signed_in(A::client_data("webauthn.get", "")).ends_with("another request"));
    EXPECT_TRUE(signed_in(create_).ends_with("of another kind"));
    EXPECT_NE(registered(get_, device_.new_key()), "ok");
    EXPECT_NE(registered(A::client_data("webauthn.create", other), device_.new_key()), "ok");
    for (const char* crossed : {R"(,"crossOrigin":true)", R"(,"crossOrigin":"false")"})
        EXPECT_TRUE(
            signed_in(A::client_data("webauthn.get", challenge_, "https://berth.example", crossed))
                .ends_with("inside another site's page"));
    EXPECT_EQ(signed_in(A::client_data("webauthn.get", challenge_, "https://berth.example", "")),
              "ok 0");  // older browsers leave it out
    for (const std::string& text : {std::string(), std::string("[]"), std::string("null"),
                                    std::string("{"), get_ + "x", std::string(5000, ' ') + get_})
        EXPECT_NE(asserted(text, device_.head(5), device_.sign(device_.head(5), text)), "ok 0");
}

TEST_F(WebAuthnTest, another_site_s_passkey_is_refused) {
    device_.site = "evil.example";
    EXPECT_TRUE(signed_in(get_).ends_with("of another site"));
    EXPECT_TRUE(registered(create_, device_.new_key()).ends_with("of another site"));
}

TEST_F(WebAuthnTest, the_user_must_be_there_and_be_verified) {
    EXPECT_TRUE(signed_in(get_, 0x04).ends_with("nobody was present"));
    EXPECT_TRUE(signed_in(get_, 0x01).ends_with("not verified"));
    EXPECT_TRUE(signed_in(get_, 0x00).ends_with("nobody was present"));
    EXPECT_TRUE(registered(create_, device_.new_key(0x41)).ends_with("not verified"));
    EXPECT_TRUE(registered(create_, device_.new_key(0x05)).ends_with("no passkey in it"));
}

TEST_F(WebAuthnTest, a_signature_of_anything_else_is_refused) {
    const std::string data = device_.head(5);
    const std::string good = device_.sign(data, get_);
    ASSERT_EQ(asserted(get_, data, good), "ok 0");
    for (std::size_t i = 0; i < good.size(); i += 7) {
        std::string edited = good;
        edited[i] = static_cast<char>(edited[i] ^ 1);
        EXPECT_NE(asserted(get_, data, edited), "ok 0") << i;
    }
    for (std::size_t i = 0; i < data.size(); ++i) {
        std::string edited = data;
        edited[i] = static_cast<char>(edited[i] ^ 1);
        EXPECT_NE(asserted(get_, edited, good).substr(0, 2), "ok") << i;
    }
    EXPECT_NE(asserted(get_, data, ""), "ok 0");
    EXPECT_NE(asserted(get_, data, good.substr(1)), "ok 0");
    EXPECT_NE(asserted(get_, data, good + "x"), "ok 0");
    const std::string elsewhere =
        TestAuthenticator::client_data("webauthn.get", challenge_, "https://other.example");
    EXPECT_NE(asserted(elsewhere, data, good),
              "ok 0");  // an origin of ours, but not what was signed
    const TestAuthenticator another;
    EXPECT_NE(asserted(get_, data, another.sign(data, get_)), "ok 0");
}

TEST_F(WebAuthnTest, a_count_that_does_not_grow_is_a_copy) {
    key_.sign_count = 9;
    for (const std::uint32_t count : {0U, 1U, 9U}) {
        device_.count = count;
        EXPECT_TRUE(signed_in(get_).ends_with("as of a copy")) << count;
    }
    device_.count = 10;
    EXPECT_EQ(signed_in(get_), "ok 10");
    device_.count = 0xffffffff;
    EXPECT_EQ(signed_in(get_), "ok 4294967295");
}

TEST_F(WebAuthnTest, damaged_registrations_are_refused) {
    const std::string good = device_.new_key();
    ASSERT_EQ(registered(create_, good), "ok");
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_NE(registered(create_, good.substr(0, size)), "ok") << size;
    EXPECT_NE(registered(create_, good + std::string(5000, 'x')), "ok");
    std::string off_curve = good;
    off_curve[good.size() - 1] = static_cast<char>(off_curve[good.size() - 1] ^ 1);
    if (registered(create_, off_curve) == "ok") {
        // Then at least nothing is signed with it.
        key_ = check_registration(party_, challenge_, create_, off_curve).value();
        EXPECT_NE(signed_in(get_), "ok 0");
    }
}

}  // namespace
}  // namespace berth::accounts

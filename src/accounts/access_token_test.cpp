#include "accounts/access_token.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace berth::accounts {
namespace {

class AccessTokenTest : public testing::Test {
protected:
    std::string with_part(const std::string& token, std::size_t part, const std::string& text) {
        std::vector<std::string> parts;
        std::string rest = token;
        for (std::size_t dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
            parts.push_back(rest.substr(0, dot));
            rest = rest.substr(dot + 1);
        }
        parts.push_back(rest);
        parts[part] = text;
        return parts[0] + "." + parts[1] + "." + parts[2];
    }
    bool accepted(const std::string& token) { return tokens_.check(token, now_).has_value(); }

    std::int64_t now_ = 1'800'000'000'000;
    AccessTokens tokens_{make_signing_key()};
    std::string good_ = tokens_.issue("usr_a", "ses_a", now_);
};

TEST_F(AccessTokenTest, says_whose_it_is_for_fifteen_minutes) {
    const AccessClaims claims = tokens_.check(good_, now_).value();
    EXPECT_EQ(claims.sub, "usr_a");
    EXPECT_EQ(claims.sid, "ses_a");
    EXPECT_TRUE(tokens_.check(good_, now_ + 14 * 60'000).has_value());
    const auto late = tokens_.check(good_, now_ + 15 * 60'000);
    EXPECT_EQ(late.error().code, "access_expired");
    EXPECT_EQ(late.error().failure, Failure::unauthenticated);
}

TEST_F(AccessTokenTest, refuses_what_it_did_not_sign_to_the_byte) {
    const std::string other = AccessTokens(make_signing_key()).issue("usr_a", "ses_a", now_);
    const std::string none_head = base64url(R"({"alg":"none","typ":"at+jwt"})");
    const std::string hmac_head = base64url(R"({"alg":"HS256","typ":"at+jwt"})");
    const std::string admin = base64url(
        R"({"iss":"berth","aud":"berth-api","sub":"usr_b","sid":"ses_a","iat":1,"exp":99999999999})");
    EXPECT_FALSE(accepted(other));
    EXPECT_FALSE(accepted(with_part(good_, 0, none_head)));
    EXPECT_FALSE(accepted(with_part(good_, 0, hmac_head)));
    EXPECT_FALSE(accepted(with_part(good_, 1, admin)));
    EXPECT_FALSE(accepted(with_part(good_, 2, "")));
    EXPECT_FALSE(accepted(with_part(good_, 2, base64url(std::string(64, '\0')))));
    EXPECT_FALSE(accepted(good_ + "A"));
    EXPECT_FALSE(accepted(""));
    EXPECT_FALSE(accepted("."));
    EXPECT_FALSE(accepted(std::string(5000, '.')));
    std::string flipped = good_;
    flipped[flipped.size() - 20] = flipped[flipped.size() - 20] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accepted(flipped));
}

TEST_F(AccessTokenTest, shows_the_public_half_alone) {
    EXPECT_TRUE(tokens_.public_key().starts_with("-----BEGIN PUBLIC KEY-----"));
    EXPECT_THROW(AccessTokens("nonsense"), std::runtime_error);
}

}  // namespace
}  // namespace berth::accounts

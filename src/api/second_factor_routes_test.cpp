// Signing in with an authenticator app over the API, and what asks for the password again.
#include <gtest/gtest.h>

#include "accounts/totp.hpp"
#include "api/testing.hpp"

namespace berth::api {
namespace {

class SecondFactorRoutesTest : public testing::Test, protected TestApi {
protected:
    static std::string decoded(const std::string& text) {
        constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        std::string bytes;
        unsigned pending = 0, bits = 0;
        for (const char c : text) {
            pending = (pending << 5) | static_cast<unsigned>(letters.find(c));
            bits += 5;
            if (bits < 8) continue;
            bits -= 8;
            bytes += static_cast<char>((pending >> bits) & 255U);
        }
        return bytes;
    }
    std::string code() const { return accounts::totp_code(secret_, now / accounts::totp_step_ms); }
    /// Turns it on; returns a recovery code.
    std::string turn_on() {
        const TestReply offer = post("/api/v1/auth/totp", password_, ann_);
        EXPECT_EQ(offer.status, 201u) << offer.text;
        secret_ = decoded(offer.at("secret"));
        EXPECT_TRUE(offer.at("uri").contains(offer.at("secret")));
        const TestReply on =
            post("/api/v1/auth/totp/confirm", R"({"code":")" + code() + "\"}", ann_);
        EXPECT_EQ(on.status, 200u) << on.text;
        now += accounts::totp_step_ms;
        return std::string(on.json().at("recovery_codes").at(0).as_string());
    }
    TestReply login(const std::string& code, const std::string& password = "correct horse") {
        const std::string more = code.empty() ? "" : R"(,"code":")" + code + "\"";
        return post("/api/v1/auth/login",
                    R"({"email":"ann@example.com","password":")" + password + "\"" + more + "}");
    }

    const std::string password_ = R"({"password":"correct horse"})";
    Sender ann_ = owner();
    std::string secret_{};
};

TEST_F(SecondFactorRoutesTest, a_password_alone_opens_no_session_any_more) {
    const std::string recovery = turn_on();
    const TestReply without = login("");
    EXPECT_EQ(without.status, 401u);
    EXPECT_EQ(without.code(), "second_factor_needed");
    EXPECT_EQ(without.pointer(), "/code");
    EXPECT_EQ(without.headers.find("set-cookie"), nullptr);
    EXPECT_EQ(login("000000").code(), "wrong_code");
    EXPECT_EQ(login(code()).status, 200u);
    EXPECT_EQ(login(code()).code(), "wrong_code");  // once
    EXPECT_EQ(login(recovery).status, 200u);
    // Who does not know the password is not told that a code would be asked for.
    EXPECT_EQ(login("", "wrong horse").code(), "wrong_password");
    EXPECT_EQ(login(code(), "wrong horse").code(), "wrong_password");
    const TestReply state = get("/api/v1/auth/second-factor", ann_);
    EXPECT_TRUE(state.json().at("totp").as_bool());
    EXPECT_EQ(state.json().at("recovery_codes_left").as_int64(), 9);
}

TEST_F(SecondFactorRoutesTest, turning_it_on_ends_other_sessions) {
    const Sender elsewhere = sign_in("ann@example.com", "correct horse");
    turn_on();
    EXPECT_EQ(get("/api/v1/auth/session", elsewhere).status, 401u);
    EXPECT_EQ(get("/api/v1/auth/session", ann_).status, 200u);
}

TEST_F(SecondFactorRoutesTest, changes_want_the_password_again) {
    const std::string wrong = R"({"password":"wrong horse"})";
    const TestReply refused = post("/api/v1/auth/totp", wrong, ann_);
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(refused.pointer(), "/password");
    turn_on();
    EXPECT_EQ(post("/api/v1/auth/totp/remove", wrong, ann_).status, 403u);
    EXPECT_EQ(post("/api/v1/auth/recovery-codes", "{}", ann_).status, 403u);
    EXPECT_EQ(login("").code(), "second_factor_needed");
    const TestReply renewed = post("/api/v1/auth/recovery-codes", password_, ann_);
    EXPECT_EQ(renewed.json().at("recovery_codes").as_array().size(), 10U);
    EXPECT_EQ(post("/api/v1/auth/totp/remove", password_, ann_).status, 204u);
    EXPECT_EQ(login("").status, 200u);
    EXPECT_EQ(post("/api/v1/auth/totp/remove", password_, ann_).code(), "totp_off");
}

TEST_F(SecondFactorRoutesTest, a_token_changes_nothing_of_it) {
    const Sender by_token = token(ann_, "admin");
    EXPECT_EQ(post("/api/v1/auth/totp", password_, by_token).status, 403u);
    EXPECT_EQ(get("/api/v1/auth/second-factor", by_token).status, 403u);
}

TEST_F(SecondFactorRoutesTest, the_audit_log_has_how_and_not_what) {
    const std::string recovery = turn_on();
    login("000000");
    login(code());
    login(recovery);
    const std::string rows = get("/api/v1/audit", ann_).text;
    for (const char* wanted :
         {"totp_added", "second_factor_failed", "recovery_code_used",
          "by password and authenticator app", "by password and recovery code"})
        EXPECT_TRUE(rows.contains(wanted)) << wanted;
    EXPECT_FALSE(rows.contains(recovery));
}

}  // namespace
}  // namespace berth::api

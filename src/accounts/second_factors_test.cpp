// The codes of RFC 6238 and RFC 4648, and every way in which one may not be taken twice.
#include "accounts/second_factors.hpp"

#include <gtest/gtest.h>

#include <set>

#include "accounts/testing.hpp"
#include "accounts/totp.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

// RFC 6238, appendix B; it has eight digits, of which an app shows the last six.
TEST(TotpTest, codes_are_those_of_the_rfc) {
    const std::string secret = "12345678901234567890";
    constexpr std::pair<std::int64_t, const char*> vectors[] = {{59, "287082"},
                                                                {1'111'111'109, "081804"},
                                                                {1'111'111'111, "050471"},
                                                                {1'234'567'890, "005924"},
                                                                {2'000'000'000, "279037"},
                                                                {20'000'000'000, "353130"}};
    for (const auto& [seconds, code] : vectors)
        EXPECT_EQ(totp_code(secret, seconds / 30), code) << seconds;
}

TEST(TotpTest, base32_is_that_of_the_rfc) {
    constexpr std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                               {"f", "MY"},
                                                               {"fo", "MZXQ"},
                                                               {"foo", "MZXW6"},
                                                               {"foob", "MZXW6YQ"},
                                                               {"fooba", "MZXW6YTB"},
                                                               {"foobar", "MZXW6YTBOI"}};
    for (const auto& [bytes, text] : vectors)
        EXPECT_EQ(base32(bytes), text);
}

TEST(TotpTest, one_step_early_or_late_will_do_and_two_will_not) {
    const std::string secret = "12345678901234567890";
    const std::int64_t now = 1'800'000'000'000;
    const std::int64_t step = now / totp_step_ms;
    for (const std::int64_t off : {-1, 0, 1})
        EXPECT_EQ(totp_step(secret, totp_code(secret, step + off), now, 0), step + off);
    for (const std::int64_t off : {-3, -2, 2, 3})
        EXPECT_EQ(totp_step(secret, totp_code(secret, step + off), now, 0), std::nullopt);
    const std::string code = totp_code(secret, step);
    EXPECT_EQ(totp_step(secret, code.substr(0, 3) + " " + code.substr(3), now, 0), step);
    EXPECT_EQ(totp_step(secret, code, now, step), std::nullopt);
    for (const std::string& wrong :
         {std::string(), code.substr(1), code + "0", "x" + code.substr(1)})
        EXPECT_EQ(totp_step(secret, wrong, now, 0), std::nullopt) << wrong;
}

TEST(TotpTest, the_address_for_apps_is_escaped) {
    EXPECT_EQ(totp_uri("12345678901234567890", "ann+x@example.com"),
              "otpauth://totp/Berth:ann%2Bx%40example.com?secret="
              "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Berth");
}

class SecondFactorsTest : public testing::Test, protected TestAccounts {
protected:
    /// The app's secret is what was offered, in base32.
    std::string code(std::int64_t steps_on = 0) const {
        return totp_code(secret_, now / totp_step_ms + steps_on);
    }
    void SetUp() override {
        ann_ = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    }
    void turn_on() {
        offered_ = wait(factors_.offer_totp(ann_)).value();
        secret_ = decoded(offered_.secret);
        codes_ = wait(factors_.confirm_totp(ann_, code())).value();
        now += totp_step_ms;  // the code that confirmed is used up
    }
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
    std::string tried(const std::optional<std::string>& given) {
        const Result<Factor> shown = wait(factors_.check(ann_, given));
        return shown ? boost::describe::enum_to_string(*shown, "") : shown.error().code;
    }

    User ann_{};
    SecondFactors& factors_ = accounts->second_factors;
    TotpOffer offered_{};
    std::string secret_{};
    std::vector<std::string> codes_{};
};

TEST_F(SecondFactorsTest, nothing_is_asked_before_it_is_confirmed) {
    EXPECT_EQ(tried(std::nullopt), "none");
    offered_ = wait(factors_.offer_totp(ann_)).value();
    EXPECT_EQ(tried(std::nullopt), "none");
    EXPECT_FALSE(wait(factors_.state(ann_.id)).totp);
    EXPECT_EQ(wait(factors_.confirm_totp(ann_, "000000")).error().code, "wrong_code");
    EXPECT_EQ(tried(std::nullopt), "none");
    turn_on();
    EXPECT_EQ(tried(std::nullopt), "second_factor_needed");
    EXPECT_EQ(tried(""), "second_factor_needed");
    const SecondFactorState state = wait(factors_.state(ann_.id));
    EXPECT_TRUE(state.totp);
    EXPECT_EQ(state.recovery_codes_left, 10);
    EXPECT_EQ(wait(factors_.offer_totp(ann_)).error().code, "totp_on");
}

TEST_F(SecondFactorsTest, a_code_works_once) {
    turn_on();
    EXPECT_EQ(tried(code()), "totp");
    EXPECT_EQ(tried(code()), "wrong_code");
    EXPECT_EQ(tried(code(1)), "totp");       // the clock of the phone is ahead
    EXPECT_EQ(tried(code()), "wrong_code");  // and nothing goes back
}

TEST_F(SecondFactorsTest, the_code_that_confirmed_signs_nobody_in) {
    turn_on();
    now -= totp_step_ms;
    EXPECT_EQ(tried(code()), "wrong_code");
}

TEST_F(SecondFactorsTest, recovery_codes_work_once_each_however_they_are_typed) {
    turn_on();
    EXPECT_EQ(std::set<std::string>(codes_.begin(), codes_.end()).size(), 10U);
    EXPECT_EQ(tried(codes_[0]), "recovery_code");
    EXPECT_EQ(tried(codes_[0]), "wrong_code");
    std::string typed = " " + codes_[1];
    std::erase(typed, '-');
    for (char& c : typed)
        c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(tried(typed), "recovery_code");
    EXPECT_EQ(wait(factors_.state(ann_.id)).recovery_codes_left, 8);
    const auto renewed = wait(factors_.renew_recovery_codes(ann_)).value();
    EXPECT_EQ(tried(codes_[2]), "wrong_code");
    EXPECT_EQ(tried(renewed[2]), "recovery_code");
}

TEST_F(SecondFactorsTest, guessing_ends_after_five) {
    turn_on();
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(tried("000000"), "wrong_code");
    EXPECT_EQ(tried(code()), "too_many_attempts");
    now += 15 * 60'000;
    EXPECT_EQ(tried(code()), "totp");
}

TEST_F(SecondFactorsTest, another_person_has_another_secret_and_other_codes) {
    turn_on();
    const User bob =
        wait(accounts->users.add({.email = "bob@example.com", .password = "correct horse"}))
            .value()
            .user;
    const std::string theirs = decoded(wait(factors_.offer_totp(bob)).value().secret);
    (void)wait(factors_.confirm_totp(bob, totp_code(theirs, now / totp_step_ms))).value();
    EXPECT_EQ(wait(factors_.check(bob, codes_[0])).error().code, "wrong_code");
    EXPECT_EQ(wait(factors_.check(bob, code())).error().code, "wrong_code");
}

TEST_F(SecondFactorsTest, nothing_in_the_database_shows_a_secret_or_a_code) {
    turn_on();
    const auto all = [](soci::session& sql) {
        return db::value<std::string>(sql, "select group_concat(sealed_secret) from totp").value() +
               db::value<std::string>(sql, "select group_concat(hash) from recovery_codes").value();
    };
    const std::string stored = wait(database.read(all));
    EXPECT_FALSE(stored.contains(offered_.secret));
    EXPECT_FALSE(stored.contains(base64url(secret_)));
    for (const std::string& code : codes_)
        EXPECT_FALSE(stored.contains(code));
}

TEST_F(SecondFactorsTest, removing_it_ends_its_codes) {
    EXPECT_EQ(wait(factors_.remove(ann_.id, ann_.email, ann_)).error().code, "totp_off");
    turn_on();
    EXPECT_TRUE(wait(factors_.remove(ann_.id, ann_.email, ann_)).has_value());
    EXPECT_EQ(tried(std::nullopt), "none");
    turn_on();
    EXPECT_EQ(tried(std::nullopt), "second_factor_needed");
}

TEST_F(SecondFactorsTest, it_outlives_a_restart_and_ends_with_a_password_reset) {
    turn_on();
    make();
    EXPECT_EQ(wait(accounts->second_factors.check(ann_, code())).value(), Factor::totp);
    (void)wait(accounts->users.reset_password(ann_.id, "the operator")).value();
    EXPECT_FALSE(wait(accounts->second_factors.state(ann_.id)).totp);
}

}  // namespace
}  // namespace berth::accounts

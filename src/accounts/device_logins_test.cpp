// RFC 8628 from both sides, and everything that a device may not do.
#include "accounts/device_logins.hpp"

#include <gtest/gtest.h>

#include <set>

#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

class DeviceLoginsTest : public testing::Test, protected TestAccounts {
protected:
    void SetUp() override {
        ann_ = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
        offer_ = wait(logins_.begin(wish_)).value();
    }
    std::string polled() {
        const Result<ApprovedDevice> found = wait(logins_.poll(offer_.device_code));
        return found ? found->user.email : found.error().code;
    }
    std::string decided(Decision decision) {
        const Result<> done = wait(logins_.decide(offer_.user_code, decision, ann_));
        return done ? "ok" : done.error().code;
    }

    const DeviceWish wish_{.name = "cli on laptop",
                           .scope = TokenScope::deploy,
                           .user_agent = "berth/0.1",
                           .address = "192.0.2.9"};
    DeviceLogins& logins_ = accounts->device_logins;
    User ann_{};
    DeviceOffer offer_{};
};

TEST_F(DeviceLoginsTest, an_approved_device_gets_the_person_once) {
    EXPECT_EQ(polled(), "authorization_pending");
    const DeviceRequest shown = wait(logins_.look(offer_.user_code)).value();
    EXPECT_EQ(shown.name, "cli on laptop");
    EXPECT_EQ(shown.address, "192.0.2.9");
    EXPECT_EQ(shown.scope, TokenScope::deploy);
    EXPECT_EQ(decided(Decision::approve), "ok");
    EXPECT_EQ(polled(), "ann@example.com");
    EXPECT_EQ(polled(), "expired_token");
}

TEST_F(DeviceLoginsTest, a_denied_device_is_told) {
    EXPECT_EQ(decided(Decision::deny), "ok");
    EXPECT_EQ(polled(), "access_denied");
    EXPECT_EQ(decided(Decision::approve), "device_code_not_found");  // it was decided
    EXPECT_EQ(polled(), "access_denied");
}

TEST_F(DeviceLoginsTest, who_asks_too_soon_has_to_wait_longer) {
    EXPECT_EQ(polled(), "authorization_pending");
    now += DeviceLogins::interval_ms;
    EXPECT_EQ(polled(), "authorization_pending");
    now += DeviceLogins::interval_ms - 1;
    EXPECT_EQ(polled(), "slow_down");
    now += DeviceLogins::interval_ms;  // five seconds more are wanted now
    EXPECT_EQ(polled(), "slow_down");
    now += 3 * DeviceLogins::interval_ms;
    EXPECT_EQ(polled(), "authorization_pending");
    EXPECT_EQ(decided(Decision::approve), "ok");
    EXPECT_EQ(polled(), "ann@example.com");  // what is decided is told at once
}

TEST_F(DeviceLoginsTest, it_ends_after_ten_minutes) {
    now += DeviceLogins::lifetime_ms - 1;
    EXPECT_EQ(polled(), "authorization_pending");
    now += 1;
    EXPECT_EQ(polled(), "expired_token");
    EXPECT_EQ(decided(Decision::approve), "device_code_not_found");
    EXPECT_EQ(wait(logins_.look(offer_.user_code)).error().code, "device_code_not_found");
}

TEST_F(DeviceLoginsTest, an_approval_that_nobody_fetches_ends_too) {
    EXPECT_EQ(decided(Decision::approve), "ok");
    now += DeviceLogins::lifetime_ms;
    EXPECT_EQ(polled(), "expired_token");
}

TEST_F(DeviceLoginsTest, a_person_who_was_disabled_signs_nothing_in) {
    const User bob =
        wait(accounts->users.add({.email = "bob@example.com", .password = "correct horse"}))
            .value()
            .user;
    EXPECT_TRUE(wait(logins_.decide(offer_.user_code, Decision::approve, bob)).has_value());
    (void)wait(accounts->users.set_disabled(bob.id, true, "ann")).value();
    EXPECT_EQ(polled(), "expired_token");
}

TEST_F(DeviceLoginsTest, codes_are_typed_as_people_type) {
    ASSERT_EQ(offer_.user_code.size(), 9U);
    EXPECT_EQ(offer_.user_code[4], '-');
    std::string typed = " " + offer_.user_code + "\n";
    std::erase(typed, '-');
    for (char& c : typed)
        c = static_cast<char>(std::tolower(c));
    EXPECT_TRUE(wait(logins_.look(typed)).has_value());
    for (const char* wrong : {"", "BCDF-GHJ", "AAAA-AAAA", "%", "' or 1=1 --"})
        EXPECT_EQ(wait(logins_.look(wrong)).error().code, "device_code_not_found") << wrong;
    // The user code is not the device's secret, nor the other way round.
    EXPECT_EQ(wait(logins_.poll(offer_.user_code)).error().code, "expired_token");
    EXPECT_FALSE(wait(logins_.look(offer_.device_code)).has_value());
    EXPECT_EQ(wait(logins_.poll(std::string(10'000, 'x'))).error().code, "expired_token");
}

TEST_F(DeviceLoginsTest, codes_differ_and_a_bounded_number_waits) {
    std::set<std::string> codes{offer_.user_code};
    for (int i = 1; i < DeviceLogins::waiting_max; ++i)
        codes.insert(wait(logins_.begin(wish_)).value().user_code);
    EXPECT_EQ(codes.size(), static_cast<std::size_t>(DeviceLogins::waiting_max));
    EXPECT_EQ(wait(logins_.begin(wish_)).error().code, "too_many_devices");
    now += DeviceLogins::lifetime_ms;
    EXPECT_TRUE(wait(logins_.begin(wish_)).has_value());
    EXPECT_EQ(wait(logins_.begin({.name = ""})).error().code, "invalid_name");
    EXPECT_EQ(wait(logins_.begin({.name = std::string(101, 'x')})).error().code, "invalid_name");
}

TEST_F(DeviceLoginsTest, the_database_has_a_hash_of_the_secret) {
    const auto all = [](soci::session& sql) {
        return db::value<std::string>(sql, "select device_hash from device_logins").value();
    };
    EXPECT_EQ(wait(database.read(all)), sha256_hex(offer_.device_code));
}

}  // namespace
}  // namespace berth::accounts

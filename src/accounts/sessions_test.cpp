#include "accounts/sessions.hpp"

#include <gtest/gtest.h>

#include "accounts/accounts.hpp"
#include "accounts/testing.hpp"

namespace berth::accounts {
namespace {

class SessionsTest : public testing::Test, protected TestAccounts {
protected:
    User ann_ = wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    OpenedSession first_ = wait(accounts->sessions.open(ann_, "a browser", "192.0.2.1"));
    Sessions& sessions_ = accounts->sessions;
};

TEST_F(SessionsTest, an_access_token_names_the_person_until_the_session_ends) {
    EXPECT_EQ(wait(sessions_.check(first_.access_token)).value().user.email, "ann@example.com");
    EXPECT_TRUE(wait(sessions_.revoke(ann_.id, first_.session)).has_value());
    EXPECT_EQ(wait(sessions_.check(first_.access_token)).error().code, "session_ended");
    EXPECT_EQ(wait(sessions_.revoke(ann_.id, first_.session)).error().failure, Failure::not_found);
}

TEST_F(SessionsTest, a_refresh_token_gives_the_next_and_the_same_next_for_thirty_seconds) {
    const OpenedSession second = wait(sessions_.refresh(first_.refresh_token, "")).value();
    EXPECT_NE(second.refresh_token, first_.refresh_token);
    now += 29'000;
    const OpenedSession again = wait(sessions_.refresh(first_.refresh_token, "")).value();
    EXPECT_EQ(again.refresh_token, second.refresh_token);
}

TEST_F(SessionsTest, the_predecessor_dies_when_its_successor_is_used_and_ends_the_session) {
    const OpenedSession second = wait(sessions_.refresh(first_.refresh_token, "")).value();
    const OpenedSession third = wait(sessions_.refresh(second.refresh_token, "")).value();
    EXPECT_EQ(wait(sessions_.refresh(first_.refresh_token, "")).error().code, "session_ended");
    // Somebody has an old token: the whole family is over.
    EXPECT_FALSE(wait(sessions_.refresh(third.refresh_token, "")).has_value());
    EXPECT_FALSE(wait(sessions_.check(third.access_token)).has_value());
}

TEST_F(SessionsTest, the_predecessor_dies_after_thirty_seconds) {
    const OpenedSession second = wait(sessions_.refresh(first_.refresh_token, "")).value();
    now += 31'000;
    EXPECT_FALSE(wait(sessions_.refresh(first_.refresh_token, "")).has_value());
    EXPECT_FALSE(wait(sessions_.refresh(second.refresh_token, "")).has_value());
}

TEST_F(SessionsTest, a_made_up_refresh_token_changes_nothing) {
    for (const std::string& wrong :
         {std::string(), std::string("rft_"), "rft_" + first_.session + ".0.AAAA",
          "rft_" + first_.session + ".1." + std::string(43, 'A'), first_.refresh_token + "A",
          std::string("rft_x.0.A")}) {
        EXPECT_FALSE(wait(sessions_.refresh(wrong, "")).has_value()) << wrong;
    }
    EXPECT_TRUE(wait(sessions_.refresh(first_.refresh_token, "")).has_value());
}

TEST_F(SessionsTest, a_session_ends_after_thirty_idle_days) {
    now += Sessions::idle_ms;
    EXPECT_FALSE(wait(sessions_.refresh(first_.refresh_token, "")).has_value());
    EXPECT_TRUE(wait(sessions_.list(ann_.id)).empty());
}

TEST_F(SessionsTest, a_session_ends_after_ninety_days_in_all_cases) {
    std::string token = first_.refresh_token;
    for (int month = 0; month < 4; ++month) {
        now += 29ll * 24 * 3600 * 1000;
        const auto next = wait(sessions_.refresh(token, ""));
        if (month == 3) {
            EXPECT_FALSE(next.has_value());
        } else {
            token = next.value().refresh_token;
        }
    }
}

TEST_F(SessionsTest, lists_and_ends_all_but_one) {
    const OpenedSession other = wait(sessions_.open(ann_, "another", "192.0.2.2"));
    EXPECT_EQ(wait(sessions_.list(ann_.id)).size(), 2u);
    wait(sessions_.revoke_all(ann_.id, other.session));
    const std::vector<SessionView> left = wait(sessions_.list(ann_.id));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left.front().user_agent, "another");
}

TEST_F(SessionsTest, signing_out_needs_only_the_refresh_token) {
    wait(sessions_.close("rft_nonsense"));
    wait(sessions_.close(first_.refresh_token));
    EXPECT_FALSE(wait(sessions_.check(first_.access_token)).has_value());
}

}  // namespace
}  // namespace berth::accounts

#include "accounts/accounts.hpp"

#include <gtest/gtest.h>

#include "accounts/email.hpp"
#include "accounts/testing.hpp"

namespace berth::accounts {
namespace {

class AccountsTest : public testing::Test, protected TestAccounts {
protected:
    std::string code() { return accounts->secrets().setup_code; }
    User set_up() {
        return wait(accounts->set_up(code(), "Ann@Example.com", "correct horse", "")).value();
    }
    std::string sign_in(const std::string& email, const std::string& password,
                        const std::string& address = "192.0.2.1") {
        const auto user = wait(accounts->sign_in(email, password, address));
        return user ? "in" : user.error().code;
    }
};

TEST_F(AccountsTest, is_set_up_once_with_the_code) {
    EXPECT_EQ(wait(accounts->set_up("wrong", "a@b.c", "correct horse", "")).error().code,
              "wrong_code");
    std::string typed = code();
    for (char& c : typed)
        c = static_cast<char>(std::toupper(c));
    const User ann = wait(accounts->set_up(typed, "Ann@Example.com", "correct horse", "")).value();
    EXPECT_EQ(ann.email, "ann@example.com");
    EXPECT_EQ(ann.role, UserRole::owner);
    const auto teams = wait(accounts->users.memberships(ann.id));
    ASSERT_EQ(teams.size(), 1u);
    EXPECT_EQ(teams.front().slug, "default");
    EXPECT_EQ(wait(accounts->set_up(typed, "b@b.c", "correct horse", "")).error().code,
              "already_set_up");
}

TEST_F(AccountsTest, stops_listening_to_guesses_of_the_code) {
    for (int i = 0; i < 5; ++i)
        wait(accounts->set_up("wrong", "a@b.c", "correct horse", "192.0.2.9"));
    EXPECT_EQ(wait(accounts->set_up(code(), "a@b.c", "correct horse", "192.0.2.9")).error().code,
              "too_many_attempts");
    now += 61'000;
    EXPECT_TRUE(wait(accounts->set_up(code(), "a@b.c", "correct horse", "192.0.2.9")).has_value());
}

TEST_F(AccountsTest, keeps_its_secrets_over_a_restart_and_opens_them_with_its_key_alone) {
    const InstanceSecrets before = accounts->secrets();
    make();
    const InstanceSecrets& after = accounts->secrets();
    EXPECT_EQ(before.signing_key, after.signing_key);
    EXPECT_EQ(before.worker_token, after.worker_token);
    EXPECT_EQ(before.setup_code, after.setup_code);
    EXPECT_TRUE(accounts->is_worker_token(before.worker_token));
    EXPECT_FALSE(accounts->is_worker_token(before.edge_token));
    EXPECT_TRUE(accounts->is_edge_token(before.edge_token));
    EXPECT_FALSE(accounts->is_edge_token(""));
    const Sealer other(std::string(32, 'x'));
    EXPECT_THROW(wait(ensure_instance_secrets(database, other)), std::runtime_error);
}

TEST_F(AccountsTest, has_no_setup_code_once_set_up) {
    set_up();
    make();
    EXPECT_EQ(code(), "");
}

TEST_F(AccountsTest, says_the_same_for_every_way_to_fail_to_sign_in) {
    const User ann = set_up();
    EXPECT_EQ(sign_in("ann@example.com", "correct horse"), "in");
    EXPECT_EQ(sign_in(" ANN@example.com ", "correct horse"), "in");
    EXPECT_EQ(sign_in("ann@example.com", "wrong horse"), "wrong_password");
    EXPECT_EQ(sign_in("nobody@example.com", "correct horse"), "wrong_password");
    EXPECT_EQ(sign_in("not an address", "correct horse"), "wrong_password");
    EXPECT_EQ(sign_in("ann@example.com", std::string(2000, 'x')), "wrong_password");
    const AddedUser bob =
        wait(accounts->users.add({.email = "bob@example.com", .password = "battery staple"}))
            .value();
    wait(accounts->users.set_disabled(bob.user.id, true, ann.email)).value();
    EXPECT_EQ(sign_in("bob@example.com", "battery staple"), "wrong_password");
}

TEST_F(AccountsTest, throttles_an_account_and_then_lets_it_in_again) {
    set_up();
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(sign_in("ann@example.com", "wrong", "192.0.2." + std::to_string(i)),
                  "wrong_password");
    EXPECT_EQ(sign_in("ann@example.com", "correct horse", "192.0.2.99"), "too_many_attempts");
    now += 15 * 60'000;
    EXPECT_EQ(sign_in("ann@example.com", "correct horse", "192.0.2.99"), "in");
}

TEST_F(AccountsTest, throttles_an_address_that_tries_many_accounts) {
    set_up();
    for (int i = 0; i < 20; ++i)
        sign_in("user" + std::to_string(i) + "@example.com", "wrong", "192.0.2.7");
    EXPECT_EQ(sign_in("ann@example.com", "correct horse", "192.0.2.7"), "too_many_attempts");
    EXPECT_EQ(sign_in("ann@example.com", "correct horse", "192.0.2.8"), "in");
}

TEST_F(AccountsTest, adds_people_with_a_team_of_their_own_or_into_one) {
    set_up();
    const AddedUser bob = wait(accounts->users.add({.email = "b.ob@example.com"})).value();
    ASSERT_TRUE(bob.password.has_value());
    EXPECT_TRUE(bob.user.must_change_password);
    EXPECT_EQ(sign_in("b.ob@example.com", *bob.password), "in");
    EXPECT_EQ(wait(accounts->users.memberships(bob.user.id)).front().slug, "b-ob");
    const AddedUser cy =
        wait(accounts->users.add({.email = "b.ob@other.example", .team = "default"})).value();
    EXPECT_EQ(wait(accounts->users.memberships(cy.user.id)).front().role, TeamRole::admin);
    const auto twice = wait(accounts->users.add({.email = "B.ob@example.com"}));
    EXPECT_EQ(twice.error().code, "email_taken");
    EXPECT_EQ(twice.error().pointer, "/email");
    EXPECT_EQ(wait(accounts->users.add({.email = "d@example.com", .team = "none"})).error().code,
              "team_not_found");
    EXPECT_EQ(wait(accounts->users.list()).size(), 3u);
}

TEST_F(AccountsTest, refuses_passwords_that_are_too_short_or_too_long) {
    EXPECT_EQ(check_new_password("123456789", "/password").error().code, "password_too_short");
    EXPECT_TRUE(check_new_password("1234567890", "/password").has_value());
    EXPECT_EQ(check_new_password("äöüäöü", "/new").error().pointer, "/new");
    EXPECT_EQ(check_new_password(std::string(1025, 'x'), "/password").error().code,
              "password_too_long");
}

TEST_F(AccountsTest, changes_a_password_only_with_the_current_one) {
    const User ann = set_up();
    const auto wrong = wait(accounts->users.change_password(ann, "not this one", "battery staple"));
    EXPECT_EQ(wrong.error().pointer, "/current");
    EXPECT_TRUE(
        wait(accounts->users.change_password(ann, "correct horse", "battery staple")).has_value());
    EXPECT_EQ(sign_in("ann@example.com", "correct horse"), "wrong_password");
    EXPECT_EQ(sign_in("ann@example.com", "battery staple"), "in");
}

TEST_F(AccountsTest, resets_a_password_and_ends_the_sessions) {
    const User ann = set_up();
    const OpenedSession session = wait(accounts->sessions.open(ann, "", ""));
    const AddedUser reset = wait(accounts->users.reset_password_of("ann@example.com")).value();
    EXPECT_EQ(sign_in("ann@example.com", *reset.password), "in");
    EXPECT_FALSE(wait(accounts->sessions.check(session.access_token)).has_value());
    EXPECT_EQ(wait(accounts->users.reset_password_of("who@example.com")).error().failure,
              Failure::not_found);
}

TEST_F(AccountsTest, does_not_disable_the_last_owner) {
    const User ann = set_up();
    EXPECT_EQ(wait(accounts->users.set_disabled(ann.id, true, "")).error().code, "last_owner");
    EXPECT_EQ(wait(accounts->users.set_disabled("usr_x", true, "")).error().failure,
              Failure::not_found);
}

TEST_F(AccountsTest, checks_tokens_until_they_end) {
    const User ann = set_up();
    const MadeToken made =
        wait(accounts->tokens.add(ann, {.name = "ci", .expires_at_ms = now + 1000})).value();
    EXPECT_TRUE(made.value.starts_with("tok_"));
    EXPECT_EQ(wait(accounts->tokens.check(made.value)).value().user.id, ann.id);
    EXPECT_EQ(wait(accounts->tokens.list(ann.id)).front().last_used_ms, now);
    EXPECT_FALSE(wait(accounts->tokens.check(made.value + "x")).has_value());
    EXPECT_FALSE(wait(accounts->tokens.check(made.token.id)).has_value());
    now += 1000;
    EXPECT_EQ(wait(accounts->tokens.check(made.value)).error().code, "token_expired");
    EXPECT_EQ(wait(accounts->tokens.add(ann, {.name = ""})).error().pointer, "/name");
    EXPECT_EQ(wait(accounts->tokens.add(ann, {.name = "x", .expires_at_ms = now})).error().pointer,
              "/expires_at_ms");
    const MadeToken other = wait(accounts->tokens.add(ann, {.name = "x"})).value();
    EXPECT_TRUE(wait(accounts->tokens.revoke(ann, other.token.id)).has_value());
    EXPECT_FALSE(wait(accounts->tokens.check(other.value)).has_value());
    EXPECT_EQ(wait(accounts->tokens.revoke(ann, other.token.id)).error().failure,
              Failure::not_found);
}

TEST_F(AccountsTest, keeps_the_settings) {
    EXPECT_FALSE(wait(read_settings(database)).public_signup);
    wait(write_settings(database, {.public_signup = true}));
    wait(write_settings(database, {.public_signup = true}));
    EXPECT_TRUE(wait(read_settings(database)).public_signup);
}

TEST(ThrottleTest, forgets_the_oldest_keys_when_it_is_full) {
    std::int64_t now = 0;
    Throttle throttle([&] { return now; }, 100);
    for (int i = 0; i < 5000; ++i) {
        now += 1;
        throttle.count_failure(std::to_string(i), {.failures = 1, .window_ms = 1'000'000});
    }
    EXPECT_LE(throttle.size(), 100u);
    EXPECT_FALSE(throttle.check("4999", {.failures = 1, .window_ms = 1}).has_value());
}

TEST(EmailTest, takes_addresses_and_refuses_the_rest) {
    EXPECT_EQ(normalise_email(" Ann+x@Mail.Example ").value(), "ann+x@mail.example");
    EXPECT_TRUE(normalise_email("root@localhost").has_value());
    for (const char* wrong :
         {"", "ann", "@b.c", "ann@", "ann@.c", "ann@b..c", "ann@b.c.", "a b@c.d", "a@b@c.d",
          "ann@b_c.d", "ann@-b.c", "\"x\"@b.c", "ann\n@b.c", "änn@b.c"}) {
        EXPECT_EQ(normalise_email(wrong).has_value(), false) << wrong;
    }
    EXPECT_FALSE(normalise_email(std::string(250, 'a') + "@b.c").has_value());
}

}  // namespace
}  // namespace berth::accounts

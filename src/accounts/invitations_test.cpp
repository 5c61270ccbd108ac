// Invitations: who may make which, and every way in which one is or is not accepted.
#include "accounts/invitations.hpp"

#include <gtest/gtest.h>

#include "accounts/team_rows.hpp"
#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

class InvitationsTest : public testing::Test, protected TestAccounts {
protected:
    void SetUp() override {
        ann_ = person("ann@example.com");
        bob_ = person("bob@example.com");
        team_ = wait(accounts->teams.add({.slug = "crew", .name = "Crew"}, ann_)).value().id;
    }

    Invitations& invitations() { return accounts->invitations; }
    User person(const std::string& email) {
        return wait(accounts->users.add({.email = email, .password = "correct horse"}))
            .value()
            .user;
    }
    void put(const User& user, TeamRole role) {
        const auto work = [&](soci::session& sql) { join_team(sql, team_, user.id, role); };
        wait(database.write(work));
    }
    std::optional<TeamRole> role(const User& user) {
        const auto query = [&](soci::session& sql) { return role_in_team(sql, team_, user.id); };
        return wait(database.read(query));
    }
    std::int64_t count(const std::string& query_text) {
        const auto query = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + query_text).value();
        };
        return wait(database.read(query));
    }
    MadeInvitation invite(const std::string& email, TeamRole role = TeamRole::developer) {
        return wait(invitations().add(team_, email, role, ann_)).value();
    }
    template <class T>
    static std::string code(const Result<T>& result) {
        return result ? "ok" : result.error().code;
    }
    std::string add(const std::string& email, TeamRole role, const User& actor) {
        return code(wait(invitations().add(team_, email, role, actor)));
    }
    std::string look(const std::string& secret) { return code(wait(invitations().look(secret))); }

    User ann_, bob_;
    std::string team_;
};

TEST_F(InvitationsTest, are_shown_once_and_kept_as_a_hash) {
    const MadeInvitation made = invite(" Cy@Example.com ");
    EXPECT_TRUE(made.secret.starts_with("ivt_"));
    EXPECT_EQ(made.secret.size(), 4u + 43u);
    EXPECT_EQ(made.invitation.email, "cy@example.com");
    EXPECT_EQ(made.invitation.expires_at_ms, now + Invitations::lifetime_ms);
    EXPECT_EQ(count("invitations where hash = '" + sha256_hex(made.secret) + "'"), 1);
    EXPECT_EQ(count("audit where detail like '%" + made.secret + "%'"), 0);
    EXPECT_EQ(count("audit where action = 'invitation_created' and actor = 'ann@example.com' and "
                    "detail = 'cy@example.com as developer'"),
              1);
    const auto open = wait(invitations().look(made.secret)).value();
    EXPECT_EQ(open.team, "Crew");
    EXPECT_EQ(open.email, "cy@example.com");
    EXPECT_EQ(open.role, TeamRole::developer);
    EXPECT_FALSE(open.has_account);
    EXPECT_TRUE(wait(invitations().look(invite("bob@example.com").secret)).value().has_account);
    const auto listed = wait(invitations().list(team_));
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed.back().id, made.invitation.id);
    EXPECT_EQ(listed.back().invited_by, "ann@example.com");
}

TEST_F(InvitationsTest, an_admin_invites_up_to_admin_an_owner_owners) {
    EXPECT_EQ(add("cy@example.com", TeamRole::viewer, bob_), "team_not_found");
    put(bob_, TeamRole::developer);
    EXPECT_EQ(add("cy@example.com", TeamRole::viewer, bob_), "role_needed");
    wait(accounts->teams.set_role(team_, bob_.id, TeamRole::admin, ann_)).value();
    EXPECT_EQ(add("cy@example.com", TeamRole::admin, bob_), "ok");
    EXPECT_EQ(add("cy@example.com", TeamRole::owner, bob_), "owner_needed");
    EXPECT_EQ(add("cy@example.com", TeamRole::owner, ann_), "ok");
    EXPECT_EQ(add("not an address", TeamRole::viewer, ann_), "invalid_email");
    EXPECT_EQ(add("BOB@example.com", TeamRole::viewer, ann_), "already_member");
}

TEST_F(InvitationsTest, a_person_with_that_address_joins_once) {
    const MadeInvitation made = invite("bob@example.com");
    EXPECT_EQ(code(wait(invitations().accept(made.secret, ann_))), "other_address");
    EXPECT_EQ(role(bob_), std::nullopt);
    const Joined joined = wait(invitations().accept(made.secret, bob_)).value();
    EXPECT_EQ(joined.team.slug, "crew");
    EXPECT_EQ(joined.team.role, TeamRole::developer);
    EXPECT_EQ(role(bob_), TeamRole::developer);
    EXPECT_EQ(count("audit where action = 'invitation_accepted' and actor = 'bob@example.com'"), 1);
    EXPECT_EQ(code(wait(invitations().accept(made.secret, bob_))), "invitation_used");
    EXPECT_EQ(look(made.secret), "invitation_used");
    EXPECT_TRUE(wait(invitations().list(team_)).empty());
}

TEST_F(InvitationsTest, a_new_person_makes_their_account_with_it) {
    const MadeInvitation made = invite("cy@example.com", TeamRole::viewer);
    EXPECT_EQ(code(wait(invitations().accept_as_new(made.secret, "short"))), "password_too_short");
    EXPECT_EQ(look(made.secret), "ok") << "a refused password does not use it up";
    const Joined joined = wait(invitations().accept_as_new(made.secret, "correct horse")).value();
    EXPECT_EQ(joined.user.email, "cy@example.com");
    EXPECT_EQ(joined.user.role, UserRole::member);
    EXPECT_FALSE(joined.user.must_change_password);
    EXPECT_EQ(role(joined.user), TeamRole::viewer);
    EXPECT_EQ(wait(accounts->users.memberships(joined.user.id)).size(), 1u) << "no team besides";
    EXPECT_TRUE(wait(accounts->sign_in("cy@example.com", "correct horse", "")).has_value());
    EXPECT_EQ(code(wait(invitations().accept_as_new(made.secret, "correct horse"))),
              "invitation_used");
}

TEST_F(InvitationsTest, an_account_that_is_there_is_not_made_again) {
    const MadeInvitation made = invite("bob@example.com");
    EXPECT_EQ(code(wait(invitations().accept_as_new(made.secret, "another horse"))), "email_taken");
    EXPECT_EQ(role(bob_), std::nullopt);
    EXPECT_TRUE(wait(accounts->sign_in("bob@example.com", "correct horse", "")).has_value())
        << "the password is the old one";
    EXPECT_EQ(look(made.secret), "ok");
}

TEST_F(InvitationsTest, wrong_secrets_open_nothing) {
    invite("cy@example.com");
    const std::string wrong_ones[] = {"", "ivt_x", std::string(5000, 'a')};
    for (const std::string& wrong : wrong_ones) {
        EXPECT_EQ(look(wrong), "invitation_not_found");
        EXPECT_EQ(code(wait(invitations().accept(wrong, bob_))), "invitation_not_found");
        EXPECT_EQ(code(wait(invitations().accept_as_new(wrong, "correct horse"))),
                  "invitation_not_found");
    }
}

TEST_F(InvitationsTest, hold_for_seven_days) {
    const MadeInvitation made = invite("bob@example.com");
    now += Invitations::lifetime_ms - 1;
    EXPECT_EQ(look(made.secret), "ok");
    now += 1;
    EXPECT_EQ(look(made.secret), "invitation_expired");
    EXPECT_EQ(code(wait(invitations().accept(made.secret, bob_))), "invitation_expired");
    EXPECT_EQ(code(wait(invitations().accept_as_new(made.secret, "correct horse"))),
              "invitation_expired");
    EXPECT_TRUE(wait(invitations().list(team_)).empty());
    EXPECT_EQ(role(bob_), std::nullopt);
}

TEST_F(InvitationsTest, are_taken_back) {
    const MadeInvitation made = invite("bob@example.com");
    const std::string id = made.invitation.id;
    EXPECT_EQ(code(wait(invitations().revoke(team_, id, bob_))), "team_not_found");
    put(bob_, TeamRole::developer);
    EXPECT_EQ(code(wait(invitations().revoke(team_, id, bob_))), "role_needed");
    const auto other = wait(accounts->teams.add({.slug = "other", .name = ""}, ann_)).value();
    EXPECT_EQ(code(wait(invitations().revoke(other.id, id, ann_))), "invitation_not_found")
        << "of another team";
    EXPECT_EQ(code(wait(invitations().revoke(team_, id, ann_))), "ok");
    EXPECT_EQ(count("audit where action = 'invitation_revoked'"), 1);
    EXPECT_EQ(code(wait(invitations().revoke(team_, id, ann_))), "invitation_not_found");
    EXPECT_EQ(look(made.secret), "invitation_revoked");
    EXPECT_EQ(code(wait(invitations().accept(made.secret, bob_))), "invitation_revoked");
}

TEST_F(InvitationsTest, the_newest_to_an_address_is_the_one_that_holds) {
    const MadeInvitation first = invite("cy@example.com");
    const MadeInvitation second = invite("cy@example.com", TeamRole::viewer);
    EXPECT_EQ(look(first.secret), "invitation_revoked");
    EXPECT_EQ(look(second.secret), "ok");
    EXPECT_EQ(wait(invitations().list(team_)).size(), 1u);
}

TEST_F(InvitationsTest, end_with_the_place_of_who_made_them) {
    struct Case {
        const char* how;
        std::function<void()> lose;
    };
    const Case cases[] = {
        {"lowered",
         [&] { wait(accounts->teams.set_role(team_, bob_.id, TeamRole::viewer, ann_)).value(); }},
        {"taken off", [&] { wait(accounts->teams.take_off(team_, bob_.id, ann_)).value(); }},
        {"left", [&] { wait(accounts->teams.leave(team_, bob_)).value(); }},
        {"disabled", [&] { wait(accounts->users.set_disabled(bob_.id, true, "test")).value(); }},
    };
    for (const Case& one : cases) {
        if (role(bob_)) wait(accounts->teams.take_off(team_, bob_.id, ann_)).value();
        put(bob_, TeamRole::admin);
        const auto theirs =
            wait(invitations().add(team_, "cy@example.com", TeamRole::admin, bob_)).value();
        const MadeInvitation mine = invite("di@example.com");
        one.lose();
        EXPECT_EQ(look(theirs.secret), "invitation_revoked") << one.how;
        EXPECT_EQ(look(mine.secret), "ok") << one.how;
    }
}

TEST_F(InvitationsTest, who_joined_meanwhile_does_not_join_again) {
    const MadeInvitation made = invite("bob@example.com", TeamRole::admin);
    put(bob_, TeamRole::viewer);
    EXPECT_EQ(code(wait(invitations().accept(made.secret, bob_))), "already_member");
    EXPECT_EQ(role(bob_), TeamRole::viewer);
}

TEST_F(InvitationsTest, are_bounded_per_team) {
    for (int i = 0; std::cmp_less(i, Invitations::open_per_team_max); ++i)
        invite("p" + std::to_string(i) + "@example.com");
    EXPECT_EQ(add("more@example.com", TeamRole::viewer, ann_), "too_many_invitations");
    EXPECT_EQ(add("p0@example.com", TeamRole::viewer, ann_), "ok") << "in the place of the earlier";
    now += Invitations::lifetime_ms;
    EXPECT_EQ(add("more@example.com", TeamRole::viewer, ann_), "ok") << "expired ones do not count";
}

}  // namespace
}  // namespace berth::accounts

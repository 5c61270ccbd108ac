// Teams, their roles and roles in projects: every rule, and every error that it gives.
#include "accounts/teams.hpp"

#include <gtest/gtest.h>

#include "accounts/team_rows.hpp"
#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

class TeamsTest : public testing::Test, protected TestAccounts {
protected:
    void SetUp() override {
        ann_ = person("ann@example.com");
        bob_ = person("bob@example.com");
        cy_ = person("cy@example.com");
        team_ = wait(teams().add({.slug = "crew", .name = "The crew"}, ann_)).value();
    }

    Teams& teams() { return accounts->teams; }
    User person(const std::string& email) {
        return wait(accounts->users.add({.email = email, .password = "correct horse"}))
            .value()
            .user;
    }
    void put(const User& user, TeamRole role) {
        const auto work = [&](soci::session& sql) { join_team(sql, team_.id, user.id, role); };
        wait(database.write(work));
    }
    std::optional<TeamRole> role(const User& user) {
        const auto query = [&](soci::session& sql) { return role_in_team(sql, team_.id, user.id); };
        return wait(database.read(query));
    }
    std::optional<TeamRole> project_role(const User& user) {
        const auto query = [&](soci::session& sql) {
            return role_in_project(sql, "prj_1", user.id);
        };
        return wait(database.read(query));
    }
    void add_project() {
        const auto work = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into projects (id, team, name, repo_url, branch, created_at_ms) "
                        "values ('prj_1', :team, 'shop', 'x', 'main', 1)",
                        team_.id);
        };
        wait(database.write(work));
    }
    std::string last_audit() {
        const auto query = [](soci::session& sql) {
            return db::value<std::string>(sql,
                                          "select actor || ' ' || action || ' ' || detail from "
                                          "audit order by id desc limit 1")
                .value();
        };
        return wait(database.read(query));
    }
    template <class T>
    static std::string code(const Result<T>& result) {
        return result ? "ok" : result.error().code;
    }
    std::string set_role(const User& member, TeamRole role, const User& actor) {
        return code(wait(teams().set_role(team_.id, member.id, role, actor)));
    }

    User ann_, bob_, cy_;
    Team team_;
};

TEST_F(TeamsTest, who_makes_a_team_owns_it) {
    EXPECT_EQ(team_.slug, "crew");
    EXPECT_EQ(team_.name, "The crew");
    EXPECT_EQ(team_.role, TeamRole::owner);
    EXPECT_EQ(last_audit(), "ann@example.com team_created crew");
    const auto mine = wait(teams().list(ann_.id));
    ASSERT_EQ(mine.size(), 2u) << "and the one of their own";
    EXPECT_EQ(mine.back().id, team_.id);
    EXPECT_EQ(wait(teams().find("crew", ann_.id))->id, team_.id);
    EXPECT_EQ(wait(teams().find(team_.id, ann_.id))->slug, "crew");
    EXPECT_FALSE(wait(teams().find("crew", bob_.id)).has_value());
}

TEST_F(TeamsTest, slugs_and_names_are_checked) {
    struct Case {
        const char* slug;
        const char* name;
        const char* code;
    };
    const std::string long_slug(41, 'a');
    const std::string long_name(101, 'a');
    const Case cases[] = {
        {"", "", "invalid_slug"},
        {"a", "", "invalid_slug"},
        {"-ab", "", "invalid_slug"},
        {"ab-", "", "invalid_slug"},
        {"Ab", "", "invalid_slug"},
        {"a_b", "", "invalid_slug"},
        {"a.b", "", "invalid_slug"},
        {long_slug.c_str(), "", "invalid_slug"},
        {"api", "", "reserved_slug"},
        {"new", "", "reserved_slug"},
        {"crew", "", "slug_taken"},
        {"fine", "   ", "invalid_name"},
        {"fine", "two\nlines", "invalid_name"},
        {"fine", long_name.c_str(), "invalid_name"},
        {"a1-b2", "", "ok"},
    };
    for (const Case& one : cases) {
        EXPECT_EQ(code(wait(teams().add({.slug = one.slug, .name = one.name}, ann_))), one.code)
            << one.slug << " " << one.name;
    }
    EXPECT_EQ(wait(teams().find("a1-b2", ann_.id))->name, "a1-b2") << "no name: the slug";
}

TEST_F(TeamsTest, a_person_s_own_team_takes_no_reserved_word) {
    const User admin = person("admin@example.com");
    EXPECT_EQ(wait(teams().list(admin.id)).front().slug, "admin-2");
}

TEST_F(TeamsTest, an_owner_renames_it) {
    const Team renamed =
        wait(teams().change(team_.id, {.slug = "band", .name = std::nullopt}, ann_)).value();
    EXPECT_EQ(renamed.slug, "band");
    EXPECT_EQ(renamed.name, "The crew");
    EXPECT_EQ(last_audit(), "ann@example.com team_renamed crew → band");
    const auto same = wait(teams().change(team_.id, {.slug = "band", .name = "Band"}, ann_));
    EXPECT_EQ(same.value().name, "Band");
    EXPECT_EQ(code(wait(teams().change(team_.id, {.slug = "bob", .name = {}}, ann_))),
              "slug_taken");
    EXPECT_EQ(code(wait(teams().change(team_.id, {.slug = "a b", .name = {}}, ann_))),
              "invalid_slug");
    EXPECT_EQ(code(wait(teams().change(team_.id, {.slug = {}, .name = ""}, ann_))), "invalid_name");
    EXPECT_EQ(code(wait(teams().change(team_.id, {.slug = "x1", .name = {}}, bob_))),
              "team_not_found");
    put(bob_, TeamRole::admin);
    EXPECT_EQ(code(wait(teams().change(team_.id, {.slug = "x1", .name = {}}, bob_))),
              "role_needed");
}

TEST_F(TeamsTest, an_admin_changes_roles_below_owner_alone) {
    put(bob_, TeamRole::admin);
    put(cy_, TeamRole::viewer);
    EXPECT_EQ(set_role(cy_, TeamRole::developer, bob_), "ok");
    EXPECT_EQ(last_audit(),
              "bob@example.com member_role_changed cy@example.com: viewer → developer");
    EXPECT_EQ(set_role(cy_, TeamRole::owner, bob_), "owner_needed");
    EXPECT_EQ(set_role(ann_, TeamRole::viewer, bob_), "owner_needed");
    EXPECT_EQ(code(wait(teams().take_off(team_.id, ann_.id, bob_))), "owner_needed");
    EXPECT_EQ(set_role(bob_, TeamRole::owner, bob_), "owner_needed");
    EXPECT_EQ(role(ann_), TeamRole::owner);
    EXPECT_EQ(role(cy_), TeamRole::developer);
    EXPECT_EQ(set_role(cy_, TeamRole::admin, bob_), "ok");
    EXPECT_EQ(set_role(cy_, TeamRole::owner, ann_), "ok");
    EXPECT_EQ(role(cy_), TeamRole::owner);
}

TEST_F(TeamsTest, below_admin_nobody_changes_members) {
    put(cy_, TeamRole::viewer);
    for (const TeamRole low : {TeamRole::viewer, TeamRole::developer}) {
        const User low_person =
            person(std::string(boost::describe::enum_to_string(low, "")) + "@example.com");
        put(low_person, low);
        EXPECT_EQ(set_role(cy_, TeamRole::admin, low_person), "role_needed");
        EXPECT_EQ(code(wait(teams().take_off(team_.id, cy_.id, low_person))), "role_needed");
    }
    EXPECT_EQ(set_role(cy_, TeamRole::admin, bob_), "team_not_found") << "a stranger";
    EXPECT_EQ(role(cy_), TeamRole::viewer);
}

TEST_F(TeamsTest, members_are_named_by_id_or_address) {
    put(bob_, TeamRole::viewer);
    const auto changed =
        wait(teams().set_role(team_.id, "bob@example.com", TeamRole::developer, ann_)).value();
    EXPECT_EQ(changed.id, bob_.id);
    EXPECT_EQ(changed.role, TeamRole::developer);
    EXPECT_EQ(code(wait(teams().set_role(team_.id, cy_.id, TeamRole::admin, ann_))),
              "member_not_found");
    EXPECT_EQ(code(wait(teams().take_off(team_.id, "x@example.com", ann_))), "member_not_found");
    const auto members = wait(teams().members(team_.id));
    ASSERT_EQ(members.size(), 2u);
    EXPECT_EQ(members.front().email, "ann@example.com");
    EXPECT_EQ(members.back().role, TeamRole::developer);
}

TEST_F(TeamsTest, the_last_owner_stays) {
    EXPECT_EQ(set_role(ann_, TeamRole::admin, ann_), "last_owner");
    EXPECT_EQ(code(wait(teams().leave(team_.id, ann_))), "last_owner");
    EXPECT_EQ(code(wait(teams().take_off(team_.id, ann_.id, ann_))), "last_owner");
    put(bob_, TeamRole::owner);
    wait(accounts->users.set_disabled(bob_.id, true, "test")).value();
    EXPECT_EQ(code(wait(teams().leave(team_.id, ann_))), "last_owner")
        << "an owner who cannot sign in is none";
    wait(accounts->users.set_disabled(bob_.id, false, "test")).value();
    EXPECT_EQ(code(wait(teams().leave(team_.id, ann_))), "ok");
    EXPECT_EQ(last_audit(), "ann@example.com member_left ");
    EXPECT_EQ(role(ann_), std::nullopt);
    EXPECT_EQ(set_role(bob_, TeamRole::viewer, bob_), "last_owner");
    EXPECT_EQ(role(bob_), TeamRole::owner);
}

TEST_F(TeamsTest, anybody_leaves_and_an_admin_takes_off) {
    put(bob_, TeamRole::viewer);
    put(cy_, TeamRole::developer);
    EXPECT_EQ(code(wait(teams().leave(team_.id, bob_))), "ok");
    EXPECT_EQ(code(wait(teams().leave(team_.id, bob_))), "team_not_found");
    EXPECT_EQ(code(wait(teams().take_off(team_.id, cy_.id, ann_))), "ok");
    EXPECT_EQ(last_audit(), "ann@example.com member_removed cy@example.com");
    EXPECT_EQ(role(bob_), std::nullopt);
    EXPECT_EQ(role(cy_), std::nullopt);
}

TEST_F(TeamsTest, is_deleted_without_projects_alone) {
    add_project();
    put(bob_, TeamRole::admin);
    EXPECT_EQ(code(wait(teams().remove(team_.id, bob_))), "role_needed");
    EXPECT_EQ(code(wait(teams().remove(team_.id, ann_))), "team_has_projects");
    const auto bury = [](soci::session& sql) {
        db::execute(sql, "update projects set deleted_at_ms = 1");
    };
    wait(database.write(bury));
    const auto invitation =
        wait(accounts->invitations.add(team_.id, "di@example.com", TeamRole::viewer, ann_)).value();
    EXPECT_EQ(code(wait(teams().remove(team_.id, ann_))), "ok");
    EXPECT_EQ(last_audit(), "ann@example.com team_deleted crew");
    EXPECT_EQ(role(bob_), std::nullopt);
    EXPECT_EQ(code(wait(accounts->invitations.look(invitation.secret))), "invitation_revoked");
    EXPECT_FALSE(wait(teams().find(team_.id, ann_.id)).has_value());
    EXPECT_EQ(code(wait(teams().add({.slug = "crew", .name = ""}, bob_))), "ok")
        << "its slug is free";
    EXPECT_EQ(code(wait(accounts->users.add(
                  {.email = "eve@example.com", .password = {}, .team = team_.id}))),
              "team_not_found");
}

TEST_F(TeamsTest, a_person_belongs_to_a_bounded_number_of_teams) {
    for (int i = 0; std::cmp_less(i, Teams::teams_per_person_max - 1); ++i)
        ASSERT_EQ(code(wait(teams().add({.slug = "t" + std::to_string(i), .name = ""}, bob_))),
                  "ok");
    EXPECT_EQ(code(wait(teams().add({.slug = "too-many", .name = ""}, bob_))), "too_many_teams");
}

TEST_F(TeamsTest, the_greater_of_team_s_and_project_s_role_holds) {
    add_project();
    ProjectRoles& roles = accounts->project_roles;
    EXPECT_EQ(project_role(bob_), std::nullopt);
    EXPECT_EQ(code(wait(roles.set("prj_1", "bob@example.com", TeamRole::developer, ann_))), "ok");
    EXPECT_EQ(last_audit(), "ann@example.com project_role_set bob@example.com as developer");
    EXPECT_EQ(project_role(bob_), TeamRole::developer);
    EXPECT_EQ(role(bob_), std::nullopt) << "of the team, nothing";
    put(bob_, TeamRole::viewer);
    EXPECT_EQ(project_role(bob_), TeamRole::developer);
    EXPECT_EQ(set_role(bob_, TeamRole::admin, ann_), "ok");
    EXPECT_EQ(project_role(bob_), TeamRole::admin);
    EXPECT_EQ(wait(roles.find("prj_1", bob_.id)).value().role, TeamRole::developer);
    EXPECT_EQ(code(wait(roles.set("prj_1", bob_.id, TeamRole::viewer, ann_))), "ok");
    EXPECT_EQ(wait(roles.list("prj_1")).size(), 1u) << "changed, not added";
    EXPECT_EQ(code(wait(roles.remove("prj_1", bob_.id, ann_))), "ok");
    EXPECT_EQ(last_audit(), "ann@example.com project_role_removed bob@example.com");
    EXPECT_EQ(project_role(bob_), TeamRole::admin);
}

TEST_F(TeamsTest, roles_in_projects_have_their_errors) {
    add_project();
    ProjectRoles& roles = accounts->project_roles;
    EXPECT_EQ(code(wait(roles.set("prj_1", bob_.id, TeamRole::owner, ann_))), "invalid_role");
    EXPECT_EQ(code(wait(roles.set("prj_1", "x@example.com", TeamRole::viewer, ann_))),
              "user_not_found");
    EXPECT_EQ(code(wait(roles.find("prj_1", bob_.id))), "member_not_found");
    EXPECT_EQ(code(wait(roles.remove("prj_1", bob_.id, ann_))), "member_not_found");
    EXPECT_TRUE(wait(roles.list("prj_1")).empty());
}

TEST_F(TeamsTest, who_is_taken_off_keeps_no_role_in_a_project) {
    add_project();
    put(bob_, TeamRole::viewer);
    wait(accounts->project_roles.set("prj_1", bob_.id, TeamRole::admin, ann_)).value();
    EXPECT_EQ(code(wait(teams().take_off(team_.id, bob_.id, ann_))), "ok");
    EXPECT_EQ(project_role(bob_), std::nullopt);
}

}  // namespace
}  // namespace berth::accounts

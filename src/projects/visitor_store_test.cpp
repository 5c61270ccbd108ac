#include "projects/visitor_store.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "base/es256.hpp"
#include "db/records.hpp"

namespace berth::projects {
namespace {

class VisitorStoreTest : public testing::Test, protected accounts::TestAccounts {
protected:
    VisitorStoreTest() {
        NewProject wanted;
        wanted.project.team = wait(accounts->users.memberships(ann_.id)).front().id;
        wanted.project.name = "shop";
        wanted.project.repo_url = "https://git.example/shop.git";
        wanted.project.branch = "main";
        project_ = wait(store_.add(wanted, actor_)).value().project;
        write(
            "insert into hosts (host, project, kind, created_at_ms) values "
            "('shop-abc.example.com', '" +
            project_.id + "', 'deployment', 1)");
        write(
            "insert into routes (host, project, deployment, generation) values "
            "('shop.example.com', '" +
            project_.id +
            "', 'dpl_1', 1), "
            "('shop-abc.example.com', '" +
            project_.id +
            "', 'dpl_1', 2), "
            "('gone.example.com', '" +
            project_.id +
            "', '', 3), "
            "('other.example.com', 'prj_other', 'dpl_2', 4)");
        write("insert into counters (name, value) values ('generation', 4)");
    }

    void write(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database.write(work));
    }
    std::int64_t number(const std::string& query) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, query).value_or(-1);
        };
        return wait(database.read(look));
    }
    Result<ProjectDetails> change(SiteAccessChange access) {
        Project now = wait(store_.find(project_.id)).value().project;
        return wait(store_.change(now, std::nullopt, actor_, access));
    }
    std::int64_t generation(const std::string& host = "shop.example.com") {
        return wait(visitors_.find(host)).value().generation;
    }
    std::int64_t route_generation(const std::string& host) {
        return number("select generation from routes where host = '" + host + "'");
    }
    AddedLink link(std::int64_t lifetime_ms = 3'600'000) {
        return wait(visitors_.add_link(project_.id, "shop.example.com", lifetime_ms, actor_))
            .value();
    }
    bool works(const AddedLink& link, const std::string& host = "shop.example.com") {
        return wait(visitors_.use_link(link.token, host)).has_value();
    }
    std::string revoked() {
        const auto look = [&](soci::session& sql) {
            return db::value<std::string>(sql, "select revoked_links from site_access")
                .value_or("[]");
        };
        return wait(database.read(look));
    }

    accounts::User ann_ =
        wait(accounts->users.add_first("ann@example.com", "correct horse")).value();
    Actor actor_{ann_.id, ann_.email};
    ProjectStore store_{database,
                        sealer,
                        [this] { return now; },
                        {.base_host = "example.com", .platform_host = "deploy.example.com"}};
    VisitorStore visitors_{database, [this] { return now; }};
    Project project_{};
};

TEST_F(VisitorStoreTest, everybody_may_visit_until_it_is_said_otherwise) {
    const GuardedHost host = wait(visitors_.find("shop.example.com")).value();
    EXPECT_EQ(host.access, Access::everybody);
    EXPECT_EQ(host.project, project_.id);
    EXPECT_FALSE(wait(visitors_.find("other.example.com")).has_value());
    const ProjectDetails changed = change({.previews = Access::members}).value();
    EXPECT_EQ(changed.access.previews, Access::members);
    EXPECT_EQ(changed.access.production, Access::everybody);
    EXPECT_FALSE(changed.access.has_password);
    EXPECT_EQ(wait(visitors_.find("shop.example.com"))->access, Access::everybody);
    EXPECT_EQ(wait(visitors_.find("shop-abc.example.com"))->access, Access::members);
}

TEST_F(VisitorStoreTest, a_change_ends_passes_and_numbers_the_project_s_routes_anew) {
    EXPECT_EQ(generation(), 0);
    change({.production = Access::members}).value();
    EXPECT_EQ(generation(), 1);
    EXPECT_GT(route_generation("shop.example.com"), 4);
    EXPECT_GT(route_generation("shop-abc.example.com"), 4);
    EXPECT_NE(route_generation("shop.example.com"), route_generation("shop-abc.example.com"));
    EXPECT_EQ(route_generation("gone.example.com"), 3);
    EXPECT_EQ(route_generation("other.example.com"), 4);
    const std::int64_t before = route_generation("shop.example.com");
    change({.production = Access::members}).value();  // says nothing new
    EXPECT_EQ(generation(), 1);
    EXPECT_EQ(route_generation("shop.example.com"), before);
    change({.production = Access::password, .password_hash = "$argon2id$x"}).value();
    change({.password_hash = "$argon2id$y"}).value();
    EXPECT_EQ(generation(), 3);
    wait(visitors_.sign_everybody_out(project_.id, actor_));
    EXPECT_EQ(generation(), 4);
    EXPECT_EQ(number("select count(*) from audit where action = 'site_access_changed'"), 3);
}

TEST_F(VisitorStoreTest, another_role_key_is_published_and_signs_nobody_out) {
    const std::string key = SigningKey(make_signing_key()).public_key();
    EXPECT_EQ(change({.role_key = key}).value().access.role_key, key);
    EXPECT_EQ(generation(), 0);
    const std::int64_t published = route_generation("shop.example.com");
    EXPECT_GT(published, 4);
    change({.role_key = key}).value();  // says nothing new
    EXPECT_EQ(route_generation("shop.example.com"), published);
    EXPECT_EQ(change({.role_key = "key"}).error().code, "invalid_role_key");
    EXPECT_EQ(change({.previews = Access::members}).value().access.role_key, key);
    EXPECT_EQ(change({.role_key = ""}).value().access.role_key, "");
}

TEST_F(VisitorStoreTest, asks_for_no_password_before_there_is_one) {
    const auto refused = change({.previews = Access::password});
    EXPECT_EQ(refused.error().code, "password_missing");
    EXPECT_EQ(refused.error().pointer, "/access/password");
    EXPECT_EQ(wait(visitors_.find("shop-abc.example.com"))->access, Access::everybody);
    const ProjectDetails changed =
        change({.previews = Access::password, .password_hash = "$argon2id$x"}).value();
    EXPECT_TRUE(changed.access.has_password);
    EXPECT_EQ(wait(visitors_.find("shop-abc.example.com"))->password_hash, "$argon2id$x");
}

TEST_F(VisitorStoreTest, a_code_works_once_on_its_host_for_a_minute) {
    const std::string code = wait(visitors_.add_code("shop.example.com")).value();
    EXPECT_FALSE(wait(visitors_.take_code(code, "shop-abc.example.com")));
    EXPECT_FALSE(wait(visitors_.take_code("x", "shop.example.com")));
    EXPECT_TRUE(wait(visitors_.take_code(code, "shop.example.com")));
    EXPECT_FALSE(wait(visitors_.take_code(code, "shop.example.com")));
    const std::string late = wait(visitors_.add_code("shop.example.com")).value();
    now += VisitorStore::code_lifetime_ms;
    EXPECT_FALSE(wait(visitors_.take_code(late, "shop.example.com")));
    EXPECT_EQ(number("select count(*) from access_codes"), 1);
    wait(visitors_.add_code("shop.example.com")).value();
    EXPECT_EQ(number("select count(*) from access_codes"), 1) << "what has expired is forgotten";
    for (std::int64_t i = 1; i < VisitorStore::codes_max; ++i)
        wait(visitors_.add_code("shop.example.com")).value();
    EXPECT_EQ(wait(visitors_.add_code("shop.example.com")).error().code, "busy");
}

TEST_F(VisitorStoreTest, a_link_works_on_its_host_until_its_time_is_over) {
    const AddedLink added = link();
    EXPECT_TRUE(works(added));
    EXPECT_TRUE(works(added)) << "as often as one likes";
    EXPECT_FALSE(works(added, "shop-abc.example.com"));
    EXPECT_FALSE(works({.link = {}, .token = "x"}));
    EXPECT_EQ(number("select count(*) from share_links where hash = '" + added.token + "'"), 0);
    const std::vector<ShareLink> listed = wait(visitors_.links(project_.id));
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].created_by, "ann@example.com");
    EXPECT_EQ(listed[0].last_used_ms, now);
    now += 3'600'000;
    EXPECT_FALSE(works(added));
    EXPECT_TRUE(wait(visitors_.links(project_.id)).empty());
}

TEST_F(VisitorStoreTest, a_revoked_link_is_told_to_the_edge_if_it_gave_passes) {
    const AddedLink used = link();
    const AddedLink unused = link();
    EXPECT_TRUE(works(used));
    const std::int64_t before = route_generation("shop.example.com");
    EXPECT_TRUE(wait(visitors_.revoke_link(project_.id, unused.link.id, actor_)).has_value());
    EXPECT_EQ(route_generation("shop.example.com"), before) << "nobody has a pass of it";
    EXPECT_FALSE(works(unused));
    EXPECT_TRUE(wait(visitors_.revoke_link(project_.id, used.link.id, actor_)).has_value());
    EXPECT_FALSE(works(used));
    EXPECT_EQ(revoked(), "[\"" + used.link.id + "\"]");
    EXPECT_GT(route_generation("shop.example.com"), before);
    EXPECT_EQ(wait(visitors_.revoke_link(project_.id, used.link.id, actor_)).error().failure,
              Failure::not_found);
    EXPECT_EQ(wait(visitors_.revoke_link("prj_x", unused.link.id, actor_)).error().failure,
              Failure::not_found);
    wait(visitors_.sign_everybody_out(project_.id, actor_));
    EXPECT_EQ(revoked(), "[]");
}

TEST_F(VisitorStoreTest, so_many_revoked_links_end_all_passes_instead_of_growing_the_routes) {
    for (int i = 0; i < 100; ++i) {
        const AddedLink added = link();
        EXPECT_TRUE(works(added));
        wait(visitors_.revoke_link(project_.id, added.link.id, actor_)).value();
    }
    EXPECT_EQ(generation(), 0);
    const AddedLink last = link();
    EXPECT_TRUE(works(last));
    wait(visitors_.revoke_link(project_.id, last.link.id, actor_)).value();
    EXPECT_EQ(generation(), 1);
    EXPECT_EQ(revoked(), "[]");
}

TEST_F(VisitorStoreTest, refuses_links_to_other_hosts_odd_lifetimes_and_too_many) {
    const auto add = [&](const std::string& host, std::int64_t lifetime_ms) {
        return wait(visitors_.add_link(project_.id, host, lifetime_ms, actor_));
    };
    EXPECT_EQ(add("other.example.com", 60'000).error().code, "host_not_found");
    EXPECT_EQ(add("nowhere", 60'000).error().pointer, "/host");
    EXPECT_EQ(add("shop.example.com", 59'999).error().pointer, "/expires_in_s");
    EXPECT_EQ(add("shop.example.com", VisitorStore::link_lifetime_ms_max + 1).error().code,
              "out_of_range");
    EXPECT_TRUE(add("shop.example.com", VisitorStore::link_lifetime_ms_max).has_value());
    for (std::int64_t i = 1; i < VisitorStore::links_max; ++i)
        link();
    EXPECT_EQ(add("shop.example.com", 60'000).error().code, "too_many_share_links");
}

TEST_F(VisitorStoreTest, a_deleted_project_lets_nobody_in) {
    const AddedLink added = link();
    wait(store_.remove(project_.id, actor_)).value();
    EXPECT_FALSE(wait(visitors_.find("shop.example.com")).has_value());
    EXPECT_FALSE(works(added));
    wait(store_.purge(project_.team, project_.id, actor_)).value();
    EXPECT_FALSE(works(added));
    EXPECT_EQ(number("select count(*) from site_access where previews = 'members' and production "
                     "= 'members' and password_hash = ''"),
              1);
}

}  // namespace
}  // namespace berth::projects

#include <gtest/gtest.h>

#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/rows.hpp"
#include "objects/object_store.hpp"

namespace berth::deployments {
namespace {

using jobs::State;

class PreviewsTest : public testing::Test {
protected:
    PreviewsTest() {
        database_.migrate();
        write("insert into teams (id, slug, name, created_at_ms) values ('tem_1', 't', 'T', 0)");
        write(
            "insert into projects (id, team, name, repo_url, branch, supersede, created_at_ms) "
            "values ('prj_1', 'tem_1', 'shop', 'https://x', 'main', 0, 0)");
    }

    void write(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database_.write(work));
    }
    std::string create(const std::string& ref, bool fork = false) {
        NewDeployment wanted{.project = "prj_1", .ref = ref, .reuse = true, .fork = fork};
        return wait(deployments_.create(wanted)).value().id;
    }
    /// Built, with nothing in it.
    std::string build(const std::string& ref, bool fork = false) {
        const std::string id = create(ref, fork);
        const auto claimed = wait(deployments_.claim({.id = "wrk_1"}, "here")).value();
        EXPECT_EQ(claimed.deployment.id, id);
        jobs::Finish finish{
            .epoch = claimed.deployment.epoch, .state = State::ready, .reuse_key = "key"};
        finish.manifest.emplace();
        EXPECT_TRUE(wait(deployments_.finish(id, finish)));
        return id;
    }
    std::int64_t count(const std::string& what) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + what).value_or(-1);
        };
        return wait(database_.read(look));
    }
    std::string routed(const std::string& host) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::string>(sql, "select deployment from routes where host = :host",
                                          host)
                .value_or("");
        };
        return wait(database_.read(look));
    }
    Deployment row(const std::string& id) {
        const auto look = [&](soci::session& sql) { return find_deployment(sql, id).value(); };
        return wait(database_.read(look));
    }
    int take_down(const std::string& ref) {
        return wait(deployments_.take_down("prj_1", ref, "host"));
    }

    std::int64_t now_ms_ = 1'000'000;
    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    RoutePublisher publisher_{database_, *objects_, *bus_};
    Deployments deployments_{
        database_,  *objects_,
        *bus_,      [this] { return now_ms_; },
        publisher_, {.url_of = [](const std::string& host) { return "http://" + host; }}};
};

TEST_F(PreviewsTest, a_preview_s_addresses_go_and_its_record_stays) {
    const std::string id = build("cart");
    const std::string alias = branch_host("shop", "cart", "localhost");
    EXPECT_EQ(routed(alias), id);
    EXPECT_EQ(take_down("cart"), 2);
    EXPECT_EQ(routed(alias), "");
    EXPECT_EQ(routed(deployment_host("shop", id, "localhost")), "");
    EXPECT_EQ(wait(deployments_.find(id))->state, State::ready);
    EXPECT_EQ(take_down("cart"), 0) << "once is enough";
}

TEST_F(PreviewsTest, a_ref_that_comes_back_gets_its_address_back) {
    build("cart");
    take_down("cart");
    const std::string again = build("cart");
    EXPECT_EQ(routed(branch_host("shop", "cart", "localhost")), again);
}

TEST_F(PreviewsTest, what_is_unfinished_is_stopped) {
    const std::string queued = create("cart");
    const std::string other = create("blog");
    take_down("cart");
    EXPECT_EQ(row(queued).state, State::canceled);
    EXPECT_EQ(row(other).state, State::queued);
    const auto claimed = wait(deployments_.claim({.id = "wrk_1"}, "here")).value();
    take_down("blog");
    EXPECT_EQ(row(claimed.deployment.id).stop, State::canceled);
}

TEST_F(PreviewsTest, production_is_no_preview) {
    const std::string live = build("main");
    EXPECT_EQ(take_down("main"), 0);
    EXPECT_EQ(routed("shop.localhost"), live);
    // A preview that was promoted serves production, and keeps its own address.
    const std::string promoted = build("cart");
    wait(deployments_.set_production("prj_1", {promoted}, "ann")).value();
    take_down("cart");
    EXPECT_EQ(routed("shop.localhost"), promoted);
    EXPECT_EQ(routed(deployment_host("shop", promoted, "localhost")), promoted);
}

TEST_F(PreviewsTest, a_stranger_s_code_is_a_preview_whatever_it_is_called) {
    const std::string id = build("main", true);
    EXPECT_EQ(row(id).environment, Environment::preview);
    EXPECT_EQ(routed("shop.localhost"), "");
    EXPECT_FALSE(row(id).reuse);
    EXPECT_FALSE(row(id).use_caches);
    EXPECT_EQ(row(id).reuse_key, "") << "nobody reuses what it made";
}

TEST_F(PreviewsTest, a_stranger_s_code_stays_one_when_it_is_deployed_again) {
    const std::string id = build("pull:7", true);
    const auto again = wait(deployments_.redeploy(id, {.reuse = true}));
    EXPECT_TRUE(row(again->id).fork);
    EXPECT_FALSE(row(again->id).reuse);
}

TEST_F(PreviewsTest, hosts_of_linked_projects_are_told_of_every_state) {
    create("cart");
    EXPECT_EQ(count("git_reports"), 0) << "not linked";
    write(
        "insert into git_connections (id, team, provider, base_url, account, account_id, "
        "missing_scopes, sealed_token, created_by, created_at_ms) values ('gco_1', 'tem_1', "
        "'github', 'https://x', 'ann', '7', '[]', 's', 'ann', 1)");
    write(
        "insert into git_links (project, connection, repository, clone_url, created_at_ms) "
        "values ('prj_1', 'gco_1', 't/s', 'https://x', 1)");
    const std::string id = create("cart");
    EXPECT_EQ(count("git_reports where due = 1 and marks = 1"), 1);
    wait(deployments_.cancel(id, "ann")).value();
    EXPECT_EQ(count("git_reports where due = 1 and marks = 2"), 1);
}

constexpr std::int64_t day_ms = 86'400'000;

TEST_F(PreviewsTest, one_that_is_too_old_is_taken_down_and_says_so) {
    write("update projects set preview_days = 14");
    const std::string id = build("cart");
    const std::string live = build("main");
    now_ms_ += 14 * day_ms - 1;
    EXPECT_EQ(wait(deployments_.expire_previews()), 0);
    EXPECT_EQ(wait(deployments_.previews("prj_1")).at(0).expires_at_ms, now_ms_ + 1);
    now_ms_ += 1;
    EXPECT_EQ(wait(deployments_.expire_previews()), 1);
    EXPECT_EQ(routed(branch_host("shop", "cart", "localhost")), "");
    EXPECT_EQ(routed(deployment_host("shop", id, "localhost")), "");
    EXPECT_EQ(routed("shop.localhost"), live);
    EXPECT_EQ(wait(deployments_.find(id))->expired_at_ms, now_ms_);
    const std::vector<Preview> previews = wait(deployments_.previews("prj_1"));
    ASSERT_EQ(previews.size(), 1u);
    EXPECT_EQ(previews[0].expired_at_ms, now_ms_);
    EXPECT_FALSE(previews[0].url);
    EXPECT_EQ(wait(deployments_.expire_previews()), 0) << "once is enough";
}

TEST_F(PreviewsTest, an_expired_one_can_be_deployed_again) {
    write("update projects set preview_days = 1");
    const std::string id = build("cart");
    now_ms_ += day_ms;
    EXPECT_EQ(wait(deployments_.expire_previews()), 1);
    const std::string again = build("cart");
    EXPECT_EQ(routed(branch_host("shop", "cart", "localhost")), again);
    EXPECT_FALSE(wait(deployments_.previews("prj_1")).at(0).expired_at_ms);
    now_ms_ += day_ms;
    EXPECT_EQ(wait(deployments_.expire_previews()), 1);
    static_cast<void>(id);
}

TEST_F(PreviewsTest, what_is_kept_does_not_age_until_it_is_not) {
    write("update projects set preview_days = 1");
    const std::string id = build("cart");
    EXPECT_TRUE(wait(deployments_.keep_preview("prj_1", "cart", true, "ann")).value().kept);
    now_ms_ += 5 * day_ms;
    EXPECT_EQ(wait(deployments_.expire_previews()), 0);
    EXPECT_EQ(routed(branch_host("shop", "cart", "localhost")), id);
    EXPECT_FALSE(wait(deployments_.keep_preview("prj_1", "cart", false, "ann")).value().kept);
    EXPECT_EQ(wait(deployments_.expire_previews()), 1);
    EXPECT_EQ(count("audit where action like 'preview_%'"), 2);
}

TEST_F(PreviewsTest, without_a_limit_of_days_none_ages) {
    build("cart");
    now_ms_ += 4'000 * day_ms;
    EXPECT_EQ(wait(deployments_.expire_previews()), 0);
}

TEST_F(PreviewsTest, only_what_was_a_preview_can_be_kept) {
    build("main");
    EXPECT_EQ(wait(deployments_.keep_preview("prj_1", "main", true, "ann")).error().code,
              "preview_not_found");
    EXPECT_EQ(wait(deployments_.keep_preview("prj_1", "", true, "ann")).error().code,
              "preview_not_found");
    EXPECT_TRUE(wait(deployments_.previews("prj_1")).empty());
}

TEST_F(PreviewsTest, branches_are_refused_by_the_project_s_rules) {
    write("update projects set preview_branches = '[\"feature/**\",\"!feature/wip\"]'");
    EXPECT_EQ(wait(deployments_.refuses_branch("prj_1", "main")), "");
    EXPECT_EQ(wait(deployments_.refuses_branch("prj_1", "feature/cart")), "");
    EXPECT_NE(wait(deployments_.refuses_branch("prj_1", "feature/wip")), "");
    EXPECT_NE(wait(deployments_.refuses_branch("prj_1", "docs")), "");
}

}  // namespace
}  // namespace berth::deployments

#include "deployments/deployments.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/records.hpp"
#include "deployments/host_names.hpp"
#include "deployments/inspections.hpp"
#include "deployments/rows.hpp"
#include "logs/log_store.hpp"
#include "objects/testing.hpp"

namespace berth::deployments {
namespace {

using jobs::Reason;
using jobs::State;

/// A store whose disk is full for routes while `full` is set.
class FullStore final : public objects::ForwardingObjectStore {
public:
    using ForwardingObjectStore::ForwardingObjectStore;

    bool full = false;

    Task<> put(objects::Object object) override {
        look(object.key);
        co_await real_.put(std::move(object));
    }
    Task<> put_all(std::vector<objects::Object> batch) override {
        for (const objects::Object& object : batch)
            look(object.key);
        co_await real_.put_all(std::move(batch));
    }

private:
    void look(const std::string& key) const {
        if (full && key.starts_with("public/routes/")) throw std::runtime_error("disk is full");
    }
};

class DeploymentsTest : public testing::Test {
protected:
    DeploymentsTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_1', "
                        "'default', 'Default', 0)");
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_2', "
                        "'other', 'Other', 0)");
            for (const auto& [id, team, name] :
                 {std::tuple("prj_1", "tem_1", "shop"), std::tuple("prj_2", "tem_2", "blog"),
                  std::tuple("prj_3", "tem_1", "docs")}) {
                db::execute(sql,
                            "insert into projects (id, team, name, repo_url, branch, "
                            "created_at_ms) values (:id, :team, :name, 'https://x', 'main', 0)",
                            id, team, name);
            }
        };
        wait(database_.write(prepare));
    }

    static DeploymentsConfig config() {
        DeploymentsConfig config;
        config.url_of = [](const std::string& host) { return "http://" + host; };
        return config;
    }

    DeploymentView create(const std::string& project = "prj_1", const std::string& ref = "") {
        NewDeployment wanted{.project = project, .ref = ref, .actor = "a@x"};
        return wait(deployments_.create(wanted)).value();
    }

    Deployment claim() {
        return wait(deployments_.claim({.id = "wrk_1"}, "here")).value().deployment;
    }

    DeploymentView find(const std::string& id) { return wait(deployments_.find(id)).value(); }

    /// Uploads one file and finishes.
    Result<> finish_ready(const Deployment& job, const std::string& text, std::string key = "") {
        return wait(deployments_.finish(job.id, built(job, text, key)));
    }

    jobs::Finish built(const Deployment& job, const std::string& text, std::string key = "") {
        const std::string sha = sha256_hex(text);
        wait(objects_->put({artifacts::blob_key(sha), text}));
        jobs::Finish finish{.epoch = job.epoch, .state = State::ready, .reuse_key = key};
        finish.manifest.emplace();
        finish.manifest->files["index.html"] = {.sha256 = sha, .bytes = text.size()};
        return finish;
    }

    /// Finishes a job whose pointer moves, but whose routes cannot be written: as if the api had
    /// died between the two.
    Deployment die_after_the_pointer() {
        create();
        const Deployment job = claim();
        FullStore store(*objects_);
        RoutePublisher publisher(database_, store, *bus_);
        Deployments dying(database_, store, *bus_, [this] { return now_ms_; }, publisher, config());
        store.full = true;
        EXPECT_THROW(static_cast<void>(wait(dying.finish(job.id, built(job, "x")))),
                     std::runtime_error);
        EXPECT_EQ(wait(deployments_.production("prj_1")).deployment, job.id);
        EXPECT_EQ(find(job.id).state, State::preparing);
        return job;
    }

    std::string deploy(const std::string& text) {
        create();
        const Deployment job = claim();
        finish_ready(job, text).value();
        return job.id;
    }

    std::string served(const std::string& host) {
        const auto text = wait(objects_->get(artifacts::route_key(host), 1 << 20));
        return text ? json::parse_as<artifacts::Route>(*text)->deployment : "";
    }

    artifacts::HostKind kind_of(const std::string& host) {
        const auto text = wait(objects_->get(artifacts::route_key(host), 1 << 20));
        return json::parse_as<artifacts::Route>(text.value())->host_kind;
    }

    std::int64_t now_ms_ = 1'000'000;
    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    RoutePublisher publisher_{database_, *objects_, *bus_};
    Deployments deployments_{database_,  *objects_, *bus_, [this] { return now_ms_; },
                             publisher_, config()};
};

TEST_F(DeploymentsTest, goes_from_the_queue_to_every_host) {
    const DeploymentView made = create();
    EXPECT_EQ(made.state, State::queued);
    EXPECT_EQ(made.queue_position, 1);
    EXPECT_EQ(made.log_lines, 2);  // queued, and that no worker is there
    const Deployment job = claim();
    EXPECT_EQ(find(job.id).state, State::preparing);
    jobs::Advance step{.epoch = job.epoch, .to = State::building};
    step.commit = jobs::CommitFacts{.commit = "c0ffee", .message = "first"};
    wait(deployments_.advance(job.id, step)).value();
    wait(deployments_.advance(job.id, step)).value();  // said twice after a lost answer
    EXPECT_TRUE(finish_ready(job, "hello").has_value());

    const DeploymentView ready = find(job.id);
    EXPECT_EQ(ready.state, State::ready);
    EXPECT_EQ(ready.commit, "c0ffee");
    EXPECT_EQ(ready.production_url, "http://shop.localhost");
    EXPECT_EQ(ready.hosts.size(), 3u);
    EXPECT_EQ(ready.bytes, 5);
    EXPECT_EQ(served("shop.localhost"), job.id);
    EXPECT_EQ(served("shop-git-main.localhost"), job.id);
    EXPECT_EQ(served("shop-" + id_tail(job.id) + ".localhost"), job.id);
    EXPECT_EQ(kind_of("shop.localhost"), artifacts::HostKind::production);
    EXPECT_EQ(kind_of("shop-git-main.localhost"), artifacts::HostKind::branch);
    EXPECT_EQ(kind_of("shop-" + id_tail(job.id) + ".localhost"), artifacts::HostKind::deployment);
    for (const StepView& step_row : ready.steps)
        EXPECT_EQ(step_row.state, StepState::succeeded);
    EXPECT_EQ(wait(deployments_.history(job.id)).size(), 4u);
}

TEST_F(DeploymentsTest, gives_a_worker_again_what_it_was_given_in_vain) {
    create();
    const auto claim_of = [&](const std::string& worker) {
        return wait(deployments_.claim({.id = worker}, "here"));
    };
    const Deployment lost = claim();  // the api dies before it answers
    now_ms_ += 5'000;
    EXPECT_FALSE(claim_of("wrk_1")) << "it may be on its way";
    now_ms_ += 2'000;
    EXPECT_FALSE(claim_of("wrk_2")) << "it is another's";
    const auto again = claim_of("wrk_1");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->deployment.id, lost.id);
    EXPECT_GT(again->deployment.epoch, lost.epoch);
    EXPECT_EQ(again->deployment.lease_until_ms, now_ms_ + 15'000);
    EXPECT_EQ(wait(deployments_.renew(lost.id, lost.epoch)).error().code, "lease_lost");
    EXPECT_EQ(find(lost.id).state, State::preparing);

    now_ms_ += 6'000;
    ASSERT_TRUE(wait(deployments_.renew(lost.id, again->deployment.epoch)));
    now_ms_ += 5'000;
    EXPECT_FALSE(claim_of("wrk_1")) << "it is renewed";
    ASSERT_TRUE(wait(
        deployments_.advance(lost.id, {.epoch = again->deployment.epoch, .to = State::cloning})));
    now_ms_ += 7'000;
    EXPECT_FALSE(claim_of("wrk_1")) << "it was begun";
}

TEST_F(DeploymentsTest, publishes_with_each_route_who_may_visit) {
    const auto write = [&](const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database_.write(work));
    };
    const auto route = [&](const std::string& host) {
        const auto text = wait(objects_->get(artifacts::route_key(host), 1 << 20));
        return json::parse_as<artifacts::Route>(text.value()).value();
    };
    write(
        "insert into hosts (host, project, kind, created_at_ms) "
        "values ('shop.localhost', 'prj_1', 'production', 0)");
    const std::string id = deploy("hello");
    EXPECT_EQ(route("shop.localhost").access, artifacts::Access::everybody);
    EXPECT_EQ(route("shop.localhost").access_generation, 0);
    const auto plain = wait(objects_->get(artifacts::route_key("shop.localhost"), 1 << 20));
    EXPECT_EQ(plain->find("role_key"), std::string::npos)
        << "an edge older than the key would refuse the route";
    write(
        "insert into site_access values ('prj_1', 'members', 'password', '$x', 7, '[\"shl_a\"]', "
        "'a key')");
    wait(publisher_.publish_everything());
    const artifacts::Route production = route("shop.localhost");
    EXPECT_EQ(production.access, artifacts::Access::password);
    EXPECT_EQ(production.access_generation, 7);
    EXPECT_EQ(production.revoked_links, std::vector<std::string>{"shl_a"});
    EXPECT_EQ(production.role_key, "a key");
    EXPECT_EQ(production.deployment, id);
    for (const std::string& host :
         {std::string("shop-git-main.localhost"), "shop-" + id_tail(id) + ".localhost"}) {
        EXPECT_EQ(route(host).access, artifacts::Access::members) << host;
    }
    const auto text = wait(objects_->get(artifacts::route_key("shop.localhost"), 1 << 20));
    EXPECT_EQ(text->find("$x"), std::string::npos) << "the hash of the password stays inside";
    const std::string next = deploy("again");
    EXPECT_EQ(route("shop.localhost").access, artifacts::Access::password);
    EXPECT_EQ(route("shop-" + id_tail(next) + ".localhost").access, artifacts::Access::members);
}

TEST_F(DeploymentsTest, refuses_every_call_of_a_stale_worker) {
    create();
    const Deployment job = claim();
    const std::int64_t stale = job.epoch - 1;
    EXPECT_EQ(wait(deployments_.renew(job.id, stale)).error().code, "lease_lost");
    EXPECT_EQ(wait(deployments_.advance(job.id, {.epoch = stale})).error().code, "lease_lost");
    EXPECT_EQ(wait(deployments_.reuse(job.id, {.epoch = stale})).error().code, "lease_lost");
    EXPECT_EQ(wait(deployments_.finish(job.id, {.epoch = stale})).error().code, "lease_lost");
    EXPECT_EQ(wait(deployments_.holds_lease(job.id, stale)).error().code, "lease_lost");
    EXPECT_TRUE(wait(deployments_.holds_lease(job.id, job.epoch)).has_value());
}

TEST_F(DeploymentsTest, a_silent_store_fails_no_deployment) {
    create();
    const Deployment job = claim();
    const jobs::Finish finish = built(job, "x");
    objects::SilentObjectStore store(*objects_);
    RoutePublisher publisher(database_, store, *bus_);
    Deployments deployments(
        database_, store, *bus_, [this] { return now_ms_; }, publisher, config());
    store.silent = true;
    EXPECT_EQ(wait(deployments.finish(job.id, finish)).error().failure, Failure::unavailable);
    EXPECT_EQ(find(job.id).state, State::preparing);
    store.silent = false;
    wait(deployments.finish(job.id, finish)).value();
    EXPECT_EQ(find(job.id).state, State::ready);
}

TEST_F(DeploymentsTest, a_manifest_must_be_servable_and_complete) {
    create();
    const Deployment job = claim();
    jobs::Finish finish{.epoch = job.epoch, .state = State::ready};
    EXPECT_EQ(wait(deployments_.finish(job.id, finish)).error().code, "missing_field");
    finish.manifest.emplace();
    finish.manifest->files["a"] = {.sha256 = sha256_hex("nowhere"), .bytes = 7};
    EXPECT_EQ(wait(deployments_.finish(job.id, finish)).error().code, "blob_missing");
    finish.manifest->files = {{"../etc/passwd", {.sha256 = sha256_hex("x")}}};
    EXPECT_EQ(wait(deployments_.finish(job.id, finish)).error().code, "bad_manifest");
    EXPECT_EQ(find(job.id).state, State::preparing);
}

TEST_F(DeploymentsTest, an_older_one_that_finishes_late_does_not_replace_a_newer) {
    create("prj_1", "main");
    const Deployment older = claim();
    wait(deployments_.create({.project = "prj_1", .actor = "b@x"})).value();
    const Deployment newer = claim();
    finish_ready(newer, "new").value();
    finish_ready(older, "old").value();
    EXPECT_EQ(served("shop.localhost"), newer.id);
    EXPECT_EQ(served("shop-git-main.localhost"), newer.id);
    EXPECT_EQ(served("shop-" + id_tail(older.id) + ".localhost"), older.id);
}

TEST_F(DeploymentsTest, a_newer_one_supersedes_what_waits_and_asks_what_runs_to_stop) {
    create();
    const Deployment running = claim();
    const DeploymentView waiting = create();
    create();
    EXPECT_EQ(find(waiting.id).state, State::superseded);
    EXPECT_EQ(wait(deployments_.renew(running.id, running.epoch)).value().stop, State::superseded);
}

TEST_F(DeploymentsTest, previews_never_touch_production) {
    create("prj_1", "feature/x");
    const Deployment job = claim();
    finish_ready(job, "x").value();
    EXPECT_EQ(find(job.id).environment, Environment::preview);
    EXPECT_EQ(served("shop.localhost"), "");
    EXPECT_EQ(served(branch_host("shop", "feature/x", "localhost")), job.id);
}

TEST_F(DeploymentsTest, rolls_back_further_each_time_and_waits_for_a_promotion) {
    const std::string a = deploy("a");
    const std::string b = deploy("b");
    const std::string c = deploy("c");
    EXPECT_EQ(wait(deployments_.set_production("prj_1", {""}, "a@x")).value().deployment, b);
    const Production second =
        wait(deployments_.set_production("prj_1", {"", "bad"}, "a@x")).value();
    EXPECT_EQ(second.deployment, a);
    EXPECT_TRUE(second.rolled_back);
    EXPECT_EQ(served("shop.localhost"), a);
    EXPECT_EQ(wait(deployments_.set_production("prj_1", {""}, "a@x")).error().code,
              "nothing_to_roll_back_to");

    const std::string d = deploy("d");  // built, but not live
    EXPECT_EQ(served("shop.localhost"), a);
    EXPECT_FALSE(find(d).production_url.has_value());
    EXPECT_FALSE(wait(deployments_.set_production("prj_1", {d}, "a@x")).value().rolled_back);
    EXPECT_EQ(served("shop.localhost"), d);
    EXPECT_EQ(served("shop.localhost"), d);
    const std::string e = deploy("e");
    EXPECT_EQ(served("shop.localhost"), e);
    EXPECT_EQ(wait(deployments_.set_production("prj_1", {e}, "a@x")).error().code, "already_live");
    EXPECT_EQ(wait(deployments_.set_production("prj_2", {e}, "a@x")).error().code,
              "deployment_not_found");
    static_cast<void>(c);
}

/// A finish whose checks came out so.
jobs::Finish with_checks(jobs::Finish finish, std::vector<bool> passed) {
    finish.checks.emplace();
    for (const bool good : passed) {
        jobs::Check check{.kind = jobs::CheckKind::size, .passed = good, .subject = "**/*.js"};
        if (!good) check.findings.push_back({"a.js", "2.0 kB"});
        finish.checks->push_back(std::move(check));
    }
    return finish;
}

TEST_F(DeploymentsTest, what_fails_a_check_is_kept_and_does_not_go_live) {
    const std::string good = deploy("good");
    create();
    const Deployment job = claim();
    wait(deployments_.finish(job.id, with_checks(built(job, "heavy"), {true, false}))).value();

    const DeploymentView heavy = find(job.id);
    EXPECT_EQ(heavy.state, State::ready);
    EXPECT_EQ(heavy.checks, 2);
    EXPECT_EQ(heavy.checks_failed, 1);
    EXPECT_EQ(heavy.detail, "1 of 2 checks failed: it does not go live by itself");
    EXPECT_EQ(served("shop.localhost"), good);
    EXPECT_EQ(served(deployment_host("shop", job.id, "localhost")), job.id);
    EXPECT_EQ(served(branch_host("shop", "main", "localhost")), job.id);
    const std::vector<jobs::Check> checks = wait(deployments_.checks(job.id));
    ASSERT_EQ(checks.size(), 2u);
    EXPECT_EQ(checks[1].findings.at(0).place, "a.js");
    EXPECT_TRUE(wait(deployments_.checks(good)).empty());

    const auto refused = wait(deployments_.set_production("prj_1", {job.id}, "a@x"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "checks_failed");
    EXPECT_EQ(served("shop.localhost"), good);
}

TEST_F(DeploymentsTest, force_promotes_it_is_audited_and_a_roll_back_to_it_needs_none) {
    const std::string good = deploy("good");
    create();
    const Deployment job = claim();
    wait(deployments_.finish(job.id, with_checks(built(job, "heavy"), {false}))).value();
    const Move forced{.deployment = job.id, .reason = "hotfix", .force = true};
    wait(deployments_.set_production("prj_1", forced, "a@x")).value();
    EXPECT_EQ(served("shop.localhost"), job.id);
    const auto audited = [](soci::session& sql) {
        return db::value<std::int64_t>(
                   sql, "select count(*) from audit where action = 'production_forced'")
            .value_or(0);
    };
    EXPECT_EQ(wait(database_.read(audited)), 1);

    wait(deployments_.set_production("prj_1", {good}, "a@x")).value();
    wait(deployments_.set_production("prj_1", {job.id}, "a@x")).value();
    EXPECT_EQ(served("shop.localhost"), job.id);
    EXPECT_EQ(wait(database_.read(audited)), 1);
}

TEST_F(DeploymentsTest, the_next_one_that_passes_goes_live) {
    deploy("good");
    create();
    const Deployment job = claim();
    wait(deployments_.finish(job.id, with_checks(built(job, "heavy"), {false}))).value();
    create();
    const Deployment next = claim();
    wait(deployments_.finish(next.id, with_checks(built(next, "light"), {true}))).value();
    EXPECT_EQ(served("shop.localhost"), next.id);
    EXPECT_EQ(find(next.id).detail, "");
}

TEST_F(DeploymentsTest, files_that_are_published_again_keep_what_came_of_their_checks) {
    const std::string good = deploy("good");
    create();
    const Deployment job = claim();
    wait(deployments_.finish(job.id, with_checks(built(job, "heavy", "key"), {false}))).value();
    create();
    const Deployment again = claim();
    const jobs::Finish reused{.epoch = again.epoch,
                              .state = State::ready,
                              .reuse_key = "key",
                              .reused_deployment = job.id};
    wait(deployments_.finish(again.id, reused)).value();
    EXPECT_EQ(find(again.id).checks_failed, 1);
    EXPECT_EQ(wait(deployments_.checks(again.id)).size(), 1u);
    EXPECT_EQ(served("shop.localhost"), good);
}

TEST_F(DeploymentsTest, a_finish_with_more_checks_than_one_may_have_is_refused) {
    create();
    const Deployment job = claim();
    const std::vector<bool> many(jobs::checks_max + 1, true);
    const Result<> refused = wait(deployments_.finish(job.id, with_checks(built(job, "x"), many)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "too_many");
}

TEST_F(DeploymentsTest, cancel_ends_what_waits_at_once_and_what_runs_within_its_limit) {
    const DeploymentView waiting = create();
    EXPECT_EQ(wait(deployments_.cancel(waiting.id, "a@x")).value().state, State::canceled);
    EXPECT_EQ(wait(deployments_.cancel(waiting.id, "a@x")).error().code, "deployment_ended");
    create();
    const Deployment job = claim();
    EXPECT_EQ(wait(deployments_.cancel(job.id, "a@x")).value().stop, State::canceled);
    now_ms_ += 10'001;
    wait(deployments_.renew(job.id, job.epoch)).value();  // it says it lives, but does not stop
    wait(deployments_.reconcile());
    EXPECT_EQ(find(job.id).state, State::canceled);
    EXPECT_EQ(finish_ready(job, "late").error().code, "lease_lost");
}

TEST_F(DeploymentsTest, nothing_outlives_its_lease) {
    create();
    const Deployment job = claim();
    now_ms_ += 14'999;
    wait(deployments_.reconcile());
    EXPECT_EQ(find(job.id).state, State::preparing);
    wait(deployments_.refresh_leases());  // an api that starts gives a fresh period
    now_ms_ += 14'999;
    wait(deployments_.reconcile());
    EXPECT_EQ(find(job.id).state, State::preparing);
    now_ms_ += 2;
    wait(deployments_.reconcile());
    const DeploymentView ended = find(job.id);
    EXPECT_EQ(ended.state, State::failed);
    EXPECT_EQ(ended.reason, Reason::lost_worker);
    EXPECT_FALSE(ended.next_step.empty());
    EXPECT_EQ(ended.steps.front().state, StepState::failed);
}

TEST_F(DeploymentsTest, what_a_dead_worker_held_ends_without_waiting_for_its_lease) {
    create();
    const Deployment job = claim();
    wait(deployments_.refresh_leases());
    wait(deployments_.lose("wrk_2"));
    EXPECT_EQ(find(job.id).state, State::preparing);
    wait(deployments_.lose("wrk_1"));
    EXPECT_EQ(find(job.id).state, State::failed);
    EXPECT_EQ(find(job.id).reason, Reason::lost_worker);
    EXPECT_EQ(wait(deployments_.renew(job.id, job.epoch)).error().code, "lease_lost");
    const Deployment next = [&] {
        create();
        return claim();
    }();
    wait(deployments_.cancel(next.id, "a@x")).value();
    wait(deployments_.lose("wrk_1"));
    EXPECT_EQ(find(next.id).state, State::canceled);
    EXPECT_EQ(find(job.id).state, State::failed);
}

TEST_F(DeploymentsTest, what_went_live_is_ready_when_its_worker_died_after_the_pointer) {
    const Deployment job = die_after_the_pointer();
    wait(deployments_.lose("wrk_1"));
    EXPECT_EQ(find(job.id).state, State::ready);
}

TEST_F(DeploymentsTest, what_went_live_is_ready_though_nobody_came_to_say_so) {
    const Deployment job = die_after_the_pointer();
    EXPECT_EQ(wait(deployments_.cancel(job.id, "a@x")).error().code, "deployment_ended");
    now_ms_ += 15'001;
    wait(deployments_.reconcile());
    EXPECT_EQ(find(job.id).state, State::ready);
    EXPECT_EQ(find(job.id).reason, std::nullopt);
    wait(publisher_.publish());
    EXPECT_EQ(served("shop.localhost"), job.id);
}

TEST_F(DeploymentsTest, what_went_live_is_ready_though_its_worker_says_it_failed) {
    const Deployment job = die_after_the_pointer();
    const jobs::Finish failed{.epoch = job.epoch, .state = State::failed};
    wait(deployments_.finish(job.id, failed)).value();
    EXPECT_EQ(find(job.id).state, State::ready);
    EXPECT_EQ(find(job.id).reason, std::nullopt);
}

TEST_F(DeploymentsTest, a_job_that_is_finished_twice_goes_live_once) {
    const Deployment job = die_after_the_pointer();
    finish_ready(job, "x").value();
    EXPECT_EQ(find(job.id).state, State::ready);
    EXPECT_EQ(served("shop.localhost"), job.id);
    EXPECT_EQ(wait(deployments_.production("prj_1")).history.size(), 1u);
}

TEST_F(DeploymentsTest, an_end_is_never_changed_again) {
    create();
    const Deployment job = claim();
    const jobs::Finish failed{.epoch = job.epoch, .state = State::failed};
    wait(deployments_.finish(job.id, failed)).value();
    const auto change = [&](soci::session& sql) {
        const Deployment ended = find_deployment(sql, job.id).value();
        return change_state(sql, ended, State::ready, {}, now_ms_);
    };
    EXPECT_FALSE(wait(database_.write(change)));
    EXPECT_EQ(find(job.id).state, State::failed);
}

TEST_F(DeploymentsTest, what_was_canceled_does_not_go_live) {
    create();
    const Deployment job = claim();
    wait(deployments_.cancel(job.id, "a@x")).value();
    finish_ready(job, "x").value();  // it was done before the word reached it
    EXPECT_EQ(find(job.id).state, State::canceled);
    EXPECT_EQ(served("shop.localhost"), "");
    EXPECT_EQ(wait(deployments_.production("prj_1")).deployment, std::nullopt);
}

TEST_F(DeploymentsTest, a_deleted_project_serves_nothing_until_it_is_had_back) {
    const std::string live = deploy("x");
    const std::string waiting = create().id;
    const auto set_deleted = [&](const std::string& until) {
        const auto work = [&](soci::session& sql) {
            db::execute(sql, "update projects set deleted_at_ms = " + until +
                                 ", purge_at_ms = " + until + " where id = 'prj_1'");
            db::execute(sql,
                        "update routes set generation = generation + 1000 where project = 'prj_1'");
            db::execute(sql, "update counters set value = value + 1000 where name = 'generation'");
        };
        wait(database_.write(work));
    };
    set_deleted("5");
    wait(deployments_.stop_project("prj_1", "a@x"));
    EXPECT_EQ(served("shop.localhost"), "");
    EXPECT_EQ(served("shop-" + id_tail(live) + ".localhost"), "");
    EXPECT_EQ(find(waiting).state, State::canceled);
    wait(deployments_.reconcile());
    EXPECT_TRUE(wait(deployments_.find(live)).has_value()) << "it is kept for the way back";
    set_deleted("null");
    wait(publisher_.publish());
    EXPECT_EQ(served("shop.localhost"), live);
    EXPECT_EQ(served("shop-" + id_tail(live) + ".localhost"), live);
}

TEST_F(DeploymentsTest, a_project_whose_deletion_was_cut_short_is_taken_down) {
    deploy("x");
    create();
    const auto forget = [](soci::session& sql) {
        db::execute(sql, "update projects set deleted_at_ms = 5 where id = 'prj_1'");
    };
    wait(database_.write(forget));
    EXPECT_NE(served("shop.localhost"), "");
    wait(deployments_.reconcile());
    EXPECT_EQ(served("shop.localhost"), "");
    EXPECT_FALSE(wait(deployments_.claim({.id = "wrk_1"}, "here")).has_value());
}

TEST_F(DeploymentsTest, nothing_begins_that_would_eat_into_the_disk_s_reserve) {
    DeploymentsConfig full = config();
    full.reserved_directory = "/tmp";
    full.disk_reserve_bytes = 1ull << 60;
    Deployments refusing(database_, *objects_, *bus_, [this] { return now_ms_; }, publisher_, full);
    const auto refused = wait(refusing.create({.project = "prj_1", .actor = "a@x"}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "disk_full");
    EXPECT_TRUE(wait(deployments_.list("prj_1", 0, 10)).items.empty());
    const std::string earlier = deploy("x");
    EXPECT_EQ(wait(refusing.redeploy(earlier, {})).error().code, "disk_full");
}

/// Cancel and supersede, asked for in every state between the claim and the end: the worker hears
/// of it with its next renewal, what it then says counts, and one that says nothing is cut off.
TEST_F(DeploymentsTest, stops_in_every_step) {
    for (const State step : {State::preparing, State::cloning, State::installing, State::building,
                             State::publishing}) {
        for (const State wanted : {State::canceled, State::superseded}) {
            for (const bool answers : {true, false}) {
                SCOPED_TRACE(fmt::format("{} {} {}", boost::describe::enum_to_string(step, ""),
                                         boost::describe::enum_to_string(wanted, ""), answers));
                create();
                const Deployment job = claim();
                now_ms_ += 1;
                if (step != State::preparing) {
                    wait(deployments_.advance(job.id, {.epoch = job.epoch, .to = step})).value();
                }
                std::string newer;
                if (wanted == State::canceled) {
                    wait(deployments_.cancel(job.id, "a@x")).value();
                } else {
                    newer = create().id;
                }
                EXPECT_EQ(find(job.id).state, step) << "until its processes are gone";
                EXPECT_EQ(find(job.id).stop, wanted);
                EXPECT_EQ(wait(deployments_.renew(job.id, job.epoch)).value().stop, wanted);
                if (answers) {
                    const jobs::Finish finish{.epoch = job.epoch, .state = wanted};
                    EXPECT_TRUE(wait(deployments_.finish(job.id, finish)));
                } else {
                    now_ms_ += config().stop_ms + 1;
                    wait(deployments_.reconcile());
                }
                const DeploymentView ended = find(job.id);
                EXPECT_EQ(ended.state, wanted);
                ASSERT_FALSE(ended.steps.empty());
                EXPECT_EQ(ended.steps.back().state, StepState::canceled);
                EXPECT_FALSE(wait(deployments_.renew(job.id, job.epoch)));
                if (!newer.empty()) wait(deployments_.cancel(newer, "a@x")).value();
            }
        }
    }
}

TEST_F(DeploymentsTest, a_queue_without_a_worker_ends_in_words) {
    const DeploymentView waiting = create();
    now_ms_ += 15 * 60'000 + 1;
    wait(deployments_.reconcile());
    EXPECT_EQ(find(waiting.id).reason, Reason::no_worker);
}

TEST_F(DeploymentsTest, a_failure_keeps_what_the_worker_said) {
    create();
    const Deployment job = claim();
    const jobs::Finish finish{.epoch = job.epoch,
                              .state = State::failed,
                              .reason = Reason::build_failed,
                              .detail = "npm run build exited with 3",
                              .first_error = "boom",
                              .next_step = "look",
                              .exit_code = 3};
    wait(deployments_.finish(job.id, finish)).value();
    wait(deployments_.finish(job.id, finish)).value();  // said twice after a lost answer
    const DeploymentView failed = find(job.id);
    EXPECT_EQ(failed.reason, Reason::build_failed);
    EXPECT_EQ(failed.exit_code, 3);
    EXPECT_EQ(served("shop.localhost"), "");
}

TEST_F(DeploymentsTest, teams_share_the_workers_fairly) {
    create("prj_1", "a");
    create("prj_1", "b");
    create("prj_1", "c");
    create("prj_2", "a");
    EXPECT_EQ(claim().project, "prj_1");
    EXPECT_EQ(claim().project, "prj_2");  // the other team waits less, though it came later
    EXPECT_EQ(claim().project, "prj_1");
    EXPECT_FALSE(
        wait(deployments_.claim({.id = "wrk_1"}, "here")).has_value());  // two at most of one
}

TEST_F(DeploymentsTest, reuses_an_earlier_result_under_its_own_name) {
    create();
    const Deployment first = claim();
    finish_ready(first, "same", "key").value();
    create();
    const Deployment second = claim();
    const auto found = wait(deployments_.reuse(second.id, {.epoch = second.epoch, .key = "key"}));
    EXPECT_EQ(found.value().deployment, first.id);
    jobs::Finish finish{.epoch = second.epoch, .state = State::ready};
    finish.reused_deployment = first.id;
    wait(deployments_.finish(second.id, finish)).value();
    EXPECT_EQ(served("shop.localhost"), second.id);
    const auto manifest = wait(objects_->get(artifacts::manifest_key(second.id), 1 << 20)).value();
    EXPECT_EQ(json::parse_as<artifacts::Manifest>(manifest)->deployment, second.id);
}

TEST_F(DeploymentsTest, says_whether_an_earlier_result_is_what_the_branch_has) {
    const auto commit = [&](const Deployment& job, const std::string& id) {
        jobs::Advance facts{.epoch = job.epoch, .to = State::cloning};
        facts.commit = jobs::CommitFacts{.commit = std::string(40, id[0]), .branch = job.ref};
        wait(deployments_.advance(job.id, facts)).value();
    };
    const auto asked = [&](const Deployment& job, const std::string& key) {
        return wait(deployments_.reuse(job.id, {.epoch = job.epoch, .key = key})).value();
    };
    const auto started = [&](const std::string& id, const std::string& ref = "") {
        create("prj_1", ref);
        const Deployment job = claim();
        commit(job, id);
        return job;
    };
    const Deployment first = started("a");
    finish_ready(first, "one", "key a").value();
    const Deployment second = started("b");
    EXPECT_TRUE(asked(second, "key a").newest);
    EXPECT_EQ(asked(second, "other").deployment, std::nullopt);
    finish_ready(second, "two", "key b").value();

    const Deployment reverted = started("c");
    EXPECT_EQ(asked(reverted, "key a").deployment, first.id);
    EXPECT_FALSE(asked(reverted, "key a").newest) << "the branch has gone on";
    EXPECT_TRUE(asked(reverted, "key b").newest);
    finish_ready(reverted, "three", "key c").value();

    const Deployment again = started("c");
    EXPECT_FALSE(asked(again, "key c").newest) << "of the same commit somebody wants one more";
    jobs::Finish skipped{.epoch = again.epoch, .state = State::skipped, .detail = "nothing new"};
    wait(deployments_.finish(again.id, skipped)).value();
    EXPECT_EQ(find(again.id).state, State::skipped);
    EXPECT_EQ(find(again.id).detail, "nothing new");
    EXPECT_EQ(served("shop.localhost"), reverted.id);

    const Deployment preview = started("d", "feature");
    EXPECT_EQ(asked(preview, "key c").deployment, reverted.id);
    EXPECT_FALSE(asked(preview, "key c").newest) << "of another branch";
}

TEST_F(DeploymentsTest, removing_takes_the_host_away_and_refuses_what_is_live) {
    const std::string old = deploy("old");
    const std::string live = deploy("live");
    EXPECT_EQ(wait(deployments_.remove(live, "a@x")).error().code, "deployment_live");
    wait(deployments_.remove(old, "a@x")).value();
    EXPECT_EQ(served("shop-" + id_tail(old) + ".localhost"), "");
    EXPECT_EQ(wait(deployments_.find(old)).error().code, "deployment_not_found");
    wait(deployments_.remove_project("prj_1", "a@x"));
    EXPECT_EQ(served("shop.localhost"), "");
    EXPECT_EQ(wait(deployments_.find(live)).error().code, "deployment_not_found");
}

TEST_F(DeploymentsTest, lists_in_pages_newest_first) {
    for (int i = 0; i < 5; ++i)
        create("prj_3", "b" + std::to_string(i));
    const DeploymentPage first = wait(deployments_.list("prj_3", 0, 2));
    EXPECT_EQ(first.items.front().ref, "b4");
    const DeploymentPage rest = wait(deployments_.list("prj_3", first.next.value(), 100));
    EXPECT_EQ(rest.items.size(), 3u);
    EXPECT_FALSE(rest.next.has_value());
}

TEST_F(DeploymentsTest, finds_the_newest_of_each_project) {
    create("prj_1", "old");
    create("prj_1", "new");
    create("prj_3", "other");
    const auto newest = wait(deployments_.newest({"prj_1", "prj_2", "prj_3"}));
    EXPECT_EQ(newest.size(), 2u);
    EXPECT_EQ(newest.at("prj_1").ref, "new");
    EXPECT_EQ(newest.at("prj_3").project_name,
              wait(deployments_.list("prj_3", 0, 1)).items.at(0).project_name);
    EXPECT_TRUE(wait(deployments_.newest({})).empty());
}

TEST_F(DeploymentsTest, events_that_were_committed_are_told_once) {
    const auto heard = bus_->subscribe("deployments");
    create();
    EXPECT_FALSE(wait(heard->next(std::chrono::milliseconds(1))).has_value());
    asio::io_context loop;
    spawn(loop.get_executor(), deployments_.dispatch_events(), "events");
    loop.run_for(std::chrono::milliseconds(40));
    EXPECT_EQ(wait(heard->next(std::chrono::milliseconds(1)))->type, "created");
    EXPECT_FALSE(wait(heard->next(std::chrono::milliseconds(1))).has_value());
}

TEST_F(DeploymentsTest, publishes_what_a_crash_left_unpublished) {
    deploy("x");
    wait(objects_->remove(artifacts::route_key("shop.localhost")));
    wait(objects_->remove(artifacts::route_head_key));
    RoutePublisher restarted(database_, *objects_, *bus_);
    wait(restarted.publish());
    EXPECT_NE(served("shop.localhost"), "");
}

TEST_F(DeploymentsTest, an_inspection_is_a_job_with_an_answer) {
    const Sealer sealer(random_bytes(32));
    Inspections inspections(database_, *bus_, sealer, [this] { return now_ms_; });
    const jobs::Source source{.repo_url = "https://x/y"};
    const auto nobody = wait(inspections.inspect(source, std::chrono::milliseconds(5)));
    EXPECT_EQ(nobody.error().code, "no_worker");

    const auto job = wait(inspections.claim("wrk_1"));
    EXPECT_EQ(job->source.repo_url, "https://x/y");
    EXPECT_FALSE(wait(inspections.claim("wrk_1")).has_value());
    jobs::Finish finish{.epoch = job->epoch, .state = State::failed};
    finish.reason = Reason::clone_not_found;
    wait(inspections.finish(job->id, finish)).value();
    EXPECT_EQ(wait(inspections.finish(job->id, finish)).error().code, "lease_lost");
}

}  // namespace
}  // namespace berth::deployments

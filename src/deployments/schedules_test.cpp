#include "deployments/schedules.hpp"

#include <gtest/gtest.h>

#include "db/records.hpp"
#include "objects/object_store.hpp"

namespace berth::deployments {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 24 * 60 * minute_ms;

/// At the same time: both look before either has taken anything.
Task<> run_both(Schedules& one, Schedules& other) {
    const auto here = co_await asio::this_coro::executor;
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(here, one.run_due(), asio::deferred),
        asio::co_spawn(here, other.run_due(), asio::deferred));
    (void)co_await both.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
}

class SchedulesTest : public testing::Test {
protected:
    SchedulesTest() {
        database_.migrate();
        write("insert into teams (id, slug, name, created_at_ms) values ('tem_1', 't', 'T', 0)");
        write(
            "insert into projects (id, team, name, repo_url, branch, created_at_ms) "
            "values ('prj_1', 'tem_1', 'shop', 'https://x', 'main', 0)");
    }

    void write(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database_.write(work));
    }
    std::int64_t count(const std::string& what) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + what).value_or(-1);
        };
        return wait(database_.read(look));
    }
    Schedule add(NewSchedule wanted) {
        return wait(schedules_.add("prj_1", std::move(wanted), "ann")).value();
    }
    Schedule only() { return wait(schedules_.of("prj_1")).at(0); }
    void run_due() { wait(schedules_.run_due()); }

    std::int64_t now_ms_ = 1'764'518'400'000;  // 30 November 2025, 16:00 UTC
    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    RoutePublisher publisher_{database_, *objects_, *bus_};
    Deployments deployments_{
        database_,  *objects_,
        *bus_,      [this] { return now_ms_; },
        publisher_, {.url_of = [](const std::string& host) { return "http://" + host; }}};
    Schedules schedules_{database_, deployments_, [this] { return now_ms_; }};
};

TEST_F(SchedulesTest, one_that_is_due_makes_a_deployment_and_comes_again) {
    const Schedule made = add({.cron = "*/5 * * * *", .ref = "next"});
    EXPECT_EQ(made.next_at_ms, now_ms_ + 5 * minute_ms);
    run_due();
    EXPECT_EQ(count("deployments"), 0);
    now_ms_ += 5 * minute_ms;
    run_due();
    run_due();
    EXPECT_EQ(count("deployments where ref = 'next' and \"trigger\" = 'schedule'"), 1);
    const Schedule after = only();
    EXPECT_EQ(after.next_at_ms, now_ms_ + 5 * minute_ms);
    EXPECT_EQ(after.last_at_ms, now_ms_);
    EXPECT_TRUE(after.last_deployment);
    EXPECT_EQ(after.trouble, "");
}

TEST_F(SchedulesTest, what_was_missed_runs_once) {
    add({.cron = "0 * * * *"});
    now_ms_ += 10 * day_ms;
    run_due();
    run_due();
    EXPECT_EQ(count("deployments"), 1);
    EXPECT_GT(*only().next_at_ms, now_ms_);
}

TEST_F(SchedulesTest, another_api_does_not_run_it_again) {
    add({.cron = "0 * * * *"});
    now_ms_ += 60 * minute_ms;
    Schedules other(database_, deployments_, [this] { return now_ms_; });
    wait(run_both(schedules_, other));
    wait(other.run_due());
    EXPECT_EQ(count("deployments"), 1);
}

TEST_F(SchedulesTest, what_an_api_took_and_did_not_make_is_made_by_the_next) {
    add({.cron = "0 * * * *"});
    write("update schedules set pending = 'dpl_taken', next_at_ms = next_at_ms + 3600000");
    run_due();
    EXPECT_EQ(count("deployments where id = 'dpl_taken'"), 1);
    EXPECT_EQ(count("schedules where pending is not null"), 0);
    run_due();
    EXPECT_EQ(count("deployments"), 1);
}

TEST_F(SchedulesTest, one_that_cannot_be_made_says_why_and_comes_again) {
    write("update projects set repo_url = ''");
    add({.cron = "0 * * * *"});
    now_ms_ += 60 * minute_ms;
    run_due();
    EXPECT_EQ(count("deployments"), 0);
    EXPECT_NE(only().trouble, "");
    EXPECT_EQ(only().next_at_ms, now_ms_ + 60 * minute_ms);
}

TEST_F(SchedulesTest, of_a_deleted_project_none_runs) {
    add({.cron = "0 * * * *"});
    write("update projects set deleted_at_ms = 1");
    now_ms_ += day_ms;
    run_due();
    EXPECT_EQ(count("deployments"), 0);
}

TEST_F(SchedulesTest, they_are_checked_bounded_and_audited) {
    const auto refused = [&](NewSchedule wanted) {
        return wait(schedules_.add("prj_1", std::move(wanted), "ann")).error().code;
    };
    EXPECT_EQ(refused({.cron = "often"}), "invalid_cron");
    EXPECT_EQ(refused({.cron = "0 0 30 2 *"}), "never_due");
    EXPECT_EQ(refused({.cron = "@daily", .time_zone = "Mars/Olympus"}), "invalid_time_zone");
    EXPECT_EQ(refused({.cron = "@daily", .ref = "-x"}), "invalid_branch");
    for (std::int64_t i = 0; i < Schedules::per_project_max; ++i)
        add({.cron = "@daily"});
    EXPECT_EQ(refused({.cron = "@daily"}), "too_many_schedules");
    const std::string id = only().id;
    EXPECT_TRUE(wait(schedules_.remove("prj_1", id, "ann")));
    EXPECT_EQ(wait(schedules_.remove("prj_1", id, "ann")).error().code, "schedule_not_found");
    EXPECT_EQ(wait(schedules_.remove("prj_2", only().id, "ann")).error().code,
              "schedule_not_found");
    EXPECT_EQ(count("audit where action = 'schedule_removed'"), 1);
}

}  // namespace
}  // namespace berth::deployments

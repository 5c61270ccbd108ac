#include "deployments/build_times.hpp"

#include <gtest/gtest.h>

#include "db/records.hpp"

namespace berth::deployments {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

struct Told {
    std::string state = "ready";
    std::int64_t created_at_ms = 0;
    std::vector<std::int64_t> steps_ms{};
    bool reused = false;
    bool removed = false;
    bool ended = true;
    std::string project = "prj_1";
};

class BuildTimesTest : public testing::Test {
protected:
    BuildTimesTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_1', 't', "
                        "'T', 0)");
            for (const char* id : {"prj_1", "prj_2"}) {
                db::execute(sql,
                            "insert into projects (id, team, name, repo_url, branch, "
                            "created_at_ms) values (:id, 'tem_1', :name, 'https://x', 'main', 0)",
                            std::string(id), std::string(id));
            }
        };
        wait(database_.write(prepare));
    }

    void tell(const Told& told) {
        const std::string id = fmt::format("dpl_{}", ++count_);
        const auto work = [&](soci::session& sql) {
            db::execute(
                sql,
                "insert into deployments (id, project, intent, state, environment, ref, "
                "\"trigger\", created_at_ms, finished_at_ms, reused_deployment, deleted_at_ms) "
                "values (:id, :project, :intent, :state, 'production', 'main', 'manual', :made, "
                ":ended, :reused, :removed)",
                id, told.project, count_, told.state, told.created_at_ms,
                told.ended ? std::optional<std::int64_t>(told.created_at_ms + 1) : std::nullopt,
                told.reused ? std::optional<std::string>("dpl_0") : std::nullopt,
                told.removed ? std::optional<std::int64_t>(1) : std::nullopt);
            std::int64_t begin = told.created_at_ms;
            for (const std::int64_t step : told.steps_ms) {
                db::execute(sql,
                            "insert into deployment_steps (deployment, name, state, begin_ms, "
                            "end_ms) values (:id, :name, 'done', :begin, :end)",
                            id, fmt::format("step{}", begin), begin, begin + step);
                begin += step + 1;
            }
        };
        wait(database_.write(work));
    }
    BuildTimes times(std::int64_t from = 0, std::int64_t to = 10 * hour_ms) {
        return wait(build_times(database_, "prj_1", from, to, hour_ms));
    }

    db::Database database_{"sqlite::memory:"};
    std::int64_t count_ = 0;
};

TEST_F(BuildTimesTest, sums_what_workers_did_by_the_step) {
    tell({.created_at_ms = hour_ms, .steps_ms = {1'000, 2'000}});
    tell({.created_at_ms = hour_ms + 1, .steps_ms = {5'000}});
    tell({.state = "failed", .created_at_ms = 3 * hour_ms, .steps_ms = {4'000}});
    const BuildTimes found = times();
    EXPECT_EQ(found.totals.builds, 3);
    EXPECT_EQ(found.totals.failed, 1);
    EXPECT_EQ(found.totals.worked_ms, 12'000);
    EXPECT_EQ(found.totals.p50_ms, 3'000);
    EXPECT_EQ(found.totals.p95_ms, 5'000);
    ASSERT_EQ(found.points.size(), 2u);
    EXPECT_EQ(found.points[0].begin_ms, hour_ms);
    EXPECT_EQ(found.points[0].worked_ms, 8'000);
    EXPECT_EQ(found.points[1].begin_ms, 3 * hour_ms);
    EXPECT_FALSE(found.points[1].p50_ms) << "none became ready";
    EXPECT_FALSE(found.cut);
}

TEST_F(BuildTimesTest, what_was_not_built_says_nothing_about_how_long_builds_take) {
    tell({.created_at_ms = 1, .steps_ms = {9'000}});
    tell({.created_at_ms = 2, .steps_ms = {5}, .reused = true});
    tell({.state = "canceled", .created_at_ms = 3, .steps_ms = {100}});
    tell({.state = "building", .created_at_ms = 4, .steps_ms = {100}, .ended = false});
    const BuildTimes found = times();
    EXPECT_EQ(found.totals.builds, 3);
    EXPECT_EQ(found.totals.reused, 1);
    EXPECT_EQ(found.totals.p50_ms, 9'000);
    EXPECT_EQ(found.totals.worked_ms, 9'105);
}

TEST_F(BuildTimesTest, minutes_of_removed_deployments_were_spent_and_others_are_not_ours) {
    tell({.created_at_ms = 1, .steps_ms = {10}, .removed = true});
    tell({.created_at_ms = 1, .steps_ms = {20}, .project = "prj_2"});
    tell({.created_at_ms = 10 * hour_ms, .steps_ms = {40}});
    EXPECT_EQ(times().totals.worked_ms, 10);
    EXPECT_EQ(times(hour_ms).totals.builds, 0);
    EXPECT_TRUE(times(hour_ms).points.empty());
}

}  // namespace
}  // namespace berth::deployments

#include "deployments/admission.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/task.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "objects/testing.hpp"

namespace berth::deployments {
namespace {

using jobs::State;

constexpr std::int64_t gib = 1ll << 30;

class AdmissionTest : public testing::Test {
protected:
    AdmissionTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            for (int team = 0; team < 3; ++team) {
                const std::string id = "tem_" + std::to_string(team);
                db::execute(
                    sql,
                    "insert into teams (id, slug, name, created_at_ms) values (:id, :slug, 'x', 0)",
                    id, id);
                for (int project = 0; project < 3; ++project) {
                    const std::string name = fmt::format("p{}-{}", team, project);
                    db::execute(
                        sql,
                        "insert into projects (id, team, name, repo_url, branch, supersede, "
                        "created_at_ms) values (:id, :team, :name, 'https://x', 'main', 0, "
                        "0)",
                        "prj_" + name, id, name);
                }
            }
        };
        wait(database_.write(prepare));
    }

    static DeploymentsConfig config() {
        DeploymentsConfig config;
        config.admission = {.project_running_max = 2, .memory_bytes = 2 * gib};
        config.url_of = [](const std::string& host) { return "http://" + host; };
        return config;
    }

    DeploymentView create(const std::string& project) {
        return wait(deployments_.create({.project = project, .actor = "a@x"})).value();
    }

    std::optional<Deployment> claim(std::int64_t slots = 2, std::int64_t memory_bytes = 0) {
        const auto claimed = wait(deployments_.claim({"wrk_1", slots, memory_bytes}, "here"));
        if (!claimed) return std::nullopt;
        return claimed->deployment;
    }

    void end(const Deployment& job, State as = State::failed) {
        wait(deployments_.finish(job.id, {.epoch = job.epoch, .state = as})).value();
    }

    /// A build that took so long and went live, as far as estimates can tell.
    void built(const std::string& project, std::int64_t ms) {
        create(project);
        const Deployment job = claim(8).value();
        now_ms_ += ms;
        end(job);
        const auto as_ready = [&](soci::session& sql) {
            db::execute(sql, "update deployments set state = 'ready' where id = :id", job.id);
        };
        wait(database_.write(as_ready));
    }

    DeploymentView find(const std::string& id) { return wait(deployments_.find(id)).value(); }

    std::string log_of(const std::string& id) {
        const auto query = [&](soci::session& sql) {
            return db::value<std::string>(sql,
                                          "select bytes from log_chunks where deployment = :id", id)
                .value_or("");
        };
        return wait(database_.read(query));
    }

    std::int64_t now_ms_ = 1'000'000;
    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    RoutePublisher publisher_{database_, *objects_, *bus_};
    Deployments deployments_{database_,  *objects_, *bus_, [this] { return now_ms_; },
                             publisher_, config()};
};

TEST_F(AdmissionTest, a_worker_gets_no_more_than_its_slots) {
    for (const char* project : {"prj_p0-0", "prj_p0-1", "prj_p0-2"})
        create(project);
    const auto first = claim();
    EXPECT_TRUE(claim());
    EXPECT_FALSE(claim());
    EXPECT_TRUE(wait(deployments_.claim({"wrk_2", 1, 0}, "there"))) << "another has its own";
    create("prj_p1-0");
    EXPECT_FALSE(claim());
    end(*first);
    EXPECT_TRUE(claim());
}

TEST_F(AdmissionTest, a_worker_gets_no_more_than_its_memory_but_always_one) {
    create("prj_p0-0");
    create("prj_p0-1");
    const auto first = claim(4, 3 * gib);
    ASSERT_TRUE(first);
    EXPECT_FALSE(claim(4, 3 * gib));
    end(*first);
    EXPECT_TRUE(claim(4, gib)) << "less than one needs: it builds alone";
}

TEST_F(AdmissionTest, says_from_the_first_moment_why_it_waits_and_for_how_long) {
    built("prj_p0-0", 40'000);
    create("prj_p0-0");
    const Deployment running = claim(1).value();
    now_ms_ += 10'000;
    const DeploymentView made = create("prj_p0-1");
    EXPECT_EQ(made.queue_position, 1);
    EXPECT_EQ(made.queue_reason, WaitReason::slot);
    EXPECT_EQ(made.queue_begin_ms, now_ms_ + 30'000);
    EXPECT_EQ(made.usual_ms, 40'000) << "of other projects, while it has none of its own";
    EXPECT_NE(log_of(made.id).find("Waits for a free slot, begins in about 30 s"),
              std::string::npos)
        << log_of(made.id);
    const DeploymentView second = create("prj_p0-2");
    EXPECT_EQ(second.queue_position, 2);
    EXPECT_EQ(second.queue_begin_ms, now_ms_ + 70'000);
    EXPECT_NE(log_of(second.id).find("; 1 is before it"), std::string::npos);

    now_ms_ += 60'000;  // it takes longer than usual
    wait(deployments_.renew(running.id, running.epoch)).value();
    EXPECT_EQ(find(made.id).queue_begin_ms, now_ms_ + 4'000);
    end(running);
    EXPECT_EQ(find(made.id).queue_reason, std::nullopt);
    EXPECT_EQ(claim(1)->id, made.id);
    EXPECT_EQ(find(made.id).queue_position, std::nullopt);
    EXPECT_EQ(find(made.id).usual_ms, 40'000);
}

TEST_F(AdmissionTest, says_who_waits_behind_its_own_project_or_for_its_teams_turn) {
    create("prj_p0-0");
    create("prj_p0-0");
    ASSERT_TRUE(claim(3));
    ASSERT_TRUE(claim(3));
    EXPECT_EQ(create("prj_p0-0").queue_reason, WaitReason::project);
    const DeploymentView own = create("prj_p0-1");
    EXPECT_EQ(own.queue_reason, std::nullopt);
    ASSERT_EQ(claim(3)->id, own.id);
    const DeploymentView older = create("prj_p0-1");
    EXPECT_EQ(older.queue_reason, WaitReason::slot);
    create("prj_p1-0");
    EXPECT_EQ(find(older.id).queue_reason, WaitReason::team);
    EXPECT_EQ(find(older.id).queue_position, 3)
        << "the older one of its team waits for its project";
}

TEST_F(AdmissionTest, the_median_of_what_ran_is_usual_and_what_was_reused_does_not_count) {
    for (const std::int64_t ms : {5'000, 900'000, 10'000})
        built("prj_p0-0", ms);
    const auto usual = [&] {
        const auto query = [](soci::session& sql) { return usual_ms(sql, "prj_p0-0"); };
        return wait(database_.read(query));
    };
    EXPECT_EQ(usual(), 10'000);
    for (int i = 0; i < 5; ++i)
        built("prj_p0-0", 1);
    const auto reuse = [](soci::session& sql) {
        db::execute(sql,
                    "update deployments set reused_deployment = 'dpl_x' where "
                    "finished_at_ms - created_at_ms < 2");
    };
    wait(database_.write(reuse));
    EXPECT_EQ(usual(), 10'000);
}

/// What people are told is what happens: random queues are claimed in the order of their places.
TEST_F(AdmissionTest, claims_come_in_the_order_that_was_told) {
    std::mt19937 random(7);  // NOLINT: the same queues each time
    for (int round = 0; round < 20; ++round) {
        const auto pick = [&](int below) {
            return static_cast<int>(random() % static_cast<unsigned>(below));
        };
        const int waiting = 3 + pick(10);
        for (int i = 0; i < waiting; ++i)
            create(fmt::format("prj_p{}-{}", pick(3), pick(3)));
        std::vector<Deployment> running;
        while (true) {  // ends when all have been claimed
            const auto facts = [&](soci::session& sql) {
                return read_line(sql, config().admission, now_ms_);
            };
            Line line = wait(database_.read(facts));
            if (line.waiting.empty()) break;
            line.machines = {{"wrk_1", 3, 0}};
            const auto places = forecast(line);
            const auto claimed = claim(3);
            if (!claimed) {
                ASSERT_FALSE(running.empty());
                const int which = pick(static_cast<int>(running.size()));
                end(running[static_cast<std::size_t>(which)]);
                running.erase(running.begin() + which);
                continue;
            }
            EXPECT_EQ(places.at(claimed->id).position, 1);
            EXPECT_EQ(places.at(claimed->id).reason, std::nullopt);
            running.push_back(*claimed);
        }
        for (const Deployment& job : running)
            end(job);
    }
}

}  // namespace
}  // namespace berth::deployments

#include "projects/git_connection_store.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/git_report_store.hpp"
#include "projects/git_request_store.hpp"

namespace berth::projects {
namespace {

class GitStoresTest : public testing::Test, protected accounts::TestAccounts {
protected:
    GitStoresTest() {
        write("insert into teams (id, slug, name, created_at_ms) values ('tea_1', 't', 'T', 1)");
        write(
            "insert into projects (id, team, name, repo_url, branch, created_at_ms) values "
            "('prj_1', 'tea_1', 'shop', 'https://github.com/t/s.git', 'main', 1)");
        connection_ = wait(connections_.add(
                               {.team = "tea_1",
                                .access = {githosts::Provider::github, "https://github.com", "t0k"},
                                .account = {.id = "7", .login = "ann"}},
                               {"usr_1", "ann"}))
                          .value()
                          .id;
        link("prj_1", "t/s");
    }

    void write(const std::string& statement) {
        const auto work = [&](soci::session& sql) { db::execute(sql, statement); };
        wait(database.write(work));
    }
    void link(const std::string& project, const std::string& repository) {
        const GitLink wanted{.project = project,
                             .connection = connection_,
                             .repository = repository,
                             .clone_url = "https://github.com/t/s.git"};
        wait(connections_.link(wanted, {"usr_1", "ann"})).value();
    }
    /// As a change of state marks it.
    void mark(const std::string& deployment) {
        write(
            "insert into deployments (id, project, intent, state, environment, ref, \"trigger\", "
            "created_at_ms) values ('" +
            deployment +
            "', 'prj_1', 1, 'queued', 'preview', 'b', 'api', 1) "
            "on conflict (id) do nothing");
        write("insert into git_reports (deployment, project, due, next_at_ms) values ('" +
              deployment + "', 'prj_1', 1, " + std::to_string(now) +
              ") on conflict (deployment) do update set due = 1, marks = git_reports.marks + 1, "
              "attempts = 0, next_at_ms = excluded.next_at_ms");
    }
    GitRequest request(std::int64_t number, bool fork, const std::string& author = "eve") {
        return {.project = "prj_1",
                .number = number,
                .author = author,
                .author_id = author,
                .branch = "cart",
                .fork = fork};
    }

    GitConnectionStore connections_{database, sealer, [this] { return now; }};
    GitReportStore reports_{database, [this] { return now; }};
    GitRequestStore requests_{database, [this] { return now; }};
    std::string connection_;
};

TEST_F(GitStoresTest, opens_what_was_sealed) {
    const OpenConnection open = wait(connections_.open(connection_)).value();
    EXPECT_EQ(open.access.token, "t0k");
    EXPECT_EQ(open.team, "tea_1");
    EXPECT_EQ(wait(connections_.open("gco_none")).error().code, "connection_not_found");
    write("update git_connections set sealed_token = 'x'");
    EXPECT_FALSE(wait(connections_.open(connection_)));
}

TEST_F(GitStoresTest, another_link_leaves_the_old_webhook_to_be_removed) {
    wait(connections_.set_hook("prj_1", "12", ""));
    link("prj_1", "t/other");
    const std::vector<LeftHook> left = wait(connections_.left_hooks(10));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].hook_id, "12");
    EXPECT_EQ(left[0].repository, "t/s");
}

TEST_F(GitStoresTest, gives_up_removing_a_webhook_after_ten_attempts) {
    wait(connections_.set_hook("prj_1", "12", ""));
    wait(connections_.unlink("prj_1", {"usr_1", "ann"})).value();
    int attempts = 0;
    for (int day = 0; day < 100; ++day) {
        for (const LeftHook& hook : wait(connections_.left_hooks(10))) {
            wait(connections_.settle_left_hook(hook, false));
            ++attempts;
        }
        now += 24ll * 3600 * 1000;
    }
    EXPECT_EQ(attempts, GitConnectionStore::removals_max);
}

TEST_F(GitStoresTest, a_state_that_changes_while_the_host_is_told_stays_due) {
    mark("dpl_1");
    const GitReport seen = wait(reports_.due(10)).at(0);
    mark("dpl_1");  // it went on, in the same millisecond
    wait(reports_.told(seen, githosts::StatusState::pending));
    const std::vector<GitReport> again = wait(reports_.due(10));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].told, "pending");
    wait(reports_.told(again[0], githosts::StatusState::success));
    EXPECT_TRUE(wait(reports_.due(10)).empty());
}

TEST_F(GitStoresTest, tries_again_later_and_later_and_not_for_ever) {
    mark("dpl_1");
    int attempts = 0;
    const std::int64_t begin = now;
    std::int64_t last = 0;
    for (int second = 0; second < 4 * 3600; ++second, now += 1000) {
        for (const GitReport& report : wait(reports_.due(10))) {
            wait(reports_.failed(report, "away", true));
            ++attempts;
            last = now - begin;
        }
    }
    EXPECT_EQ(attempts, GitReportStore::attempts_max);
    EXPECT_GT(last, 30 * 60'000);
    EXPECT_LT(last, 2 * 3600'000);
    EXPECT_EQ(wait(reports_.last("prj_1"))->trouble, "away") << "for people to see";
    mark("dpl_1");
    EXPECT_EQ(wait(reports_.due(10)).size(), 1u) << "its next state is another matter";
}

TEST_F(GitStoresTest, what_does_not_pass_is_not_tried_again_until_the_token_is_renewed) {
    mark("dpl_1");
    const GitReport seen = wait(reports_.due(10)).at(0);
    wait(reports_.failed(seen, "401", false));
    now += 3600'000;
    EXPECT_TRUE(wait(reports_.due(10)).empty());
    wait(connections_.renew(connection_, "n3w", {.id = "7", .login = "ann"}, {"usr_1", "ann"}))
        .value();
    EXPECT_EQ(wait(reports_.due(10)).size(), 1u);
}

TEST_F(GitStoresTest, a_strangers_request_waits_and_a_known_authors_does_not) {
    EXPECT_EQ(wait(requests_.keep(request(1, false))).approval, Approval::none);
    EXPECT_EQ(wait(requests_.keep(request(2, true))).approval, Approval::waiting);
    EXPECT_EQ(wait(requests_.keep(request(2, true))).approval, Approval::waiting);
    EXPECT_EQ(wait(requests_.approve("prj_1", 1, {"usr_1", "ann"})).error().code,
              "nothing_to_approve");
    EXPECT_EQ(wait(requests_.approve("prj_1", 9, {"usr_1", "ann"})).error().failure,
              Failure::not_found);
    EXPECT_EQ(wait(requests_.approve("prj_1", 2, {"usr_1", "ann"}))->approved_by, "ann");
    EXPECT_EQ(wait(requests_.keep(request(2, true))).approval, Approval::approved);
    EXPECT_EQ(wait(requests_.keep(request(3, true))).approval, Approval::approved);
    EXPECT_EQ(wait(requests_.keep(request(4, true, "mallory"))).approval, Approval::waiting);
}

TEST_F(GitStoresTest, a_comment_stays_known_whatever_the_host_says_next) {
    GitRequest kept = wait(requests_.keep(request(1, false)));
    wait(requests_.set_comment(kept, "77", "hash"));
    kept = wait(requests_.keep(request(1, false)));
    EXPECT_EQ(kept.comment_id, "77");
    EXPECT_EQ(wait(requests_.open_of("prj_1", "cart")).size(), 1u);
    EXPECT_TRUE(wait(requests_.open_of("prj_1", "main")).empty());
    EXPECT_EQ(ref_of(request(7, true)), "pull:7");
}

TEST_F(GitStoresTest, keeps_the_open_requests_and_the_last_closed_ones) {
    GitRequest first = request(1, false);
    wait(requests_.keep(first));
    for (std::int64_t number = 2; number < 3 + GitRequestStore::requests_max; ++number) {
        GitRequest closed = request(number, false);
        closed.state = RequestState::closed;
        wait(requests_.keep(closed));
    }
    EXPECT_TRUE(wait(requests_.find("prj_1", 1)));
    EXPECT_FALSE(wait(requests_.find("prj_1", 2))) << "closed, and the oldest";
    EXPECT_TRUE(wait(requests_.find("prj_1", 3)));
}

}  // namespace
}  // namespace berth::projects

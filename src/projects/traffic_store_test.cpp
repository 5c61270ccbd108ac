#include "projects/traffic_store.hpp"

#include <gtest/gtest.h>

#include "accounts/testing.hpp"
#include "db/records.hpp"

namespace berth::projects {
namespace {

using traffic::hour_ms;
using traffic::minute_ms;
using traffic::Row;

class TrafficStoreTest : public testing::Test, protected accounts::TestAccounts {
protected:
    TrafficStoreTest() { add_project("prj_a", false); }

    void add_project(const std::string& id, bool deleted) {
        const auto work = [&](soci::session& sql) {
            db::execute(
                sql,
                "insert into teams (id, slug, name, created_at_ms) values (:id, :slug, 't', "
                "1) on conflict (id) do nothing",
                std::string("tea_1"), std::string("t"));
            db::execute(sql,
                        "insert into projects (id, team, name, repo_url, branch, created_at_ms, "
                        "deleted_at_ms) values (:id, 'tea_1', :name, 'x', 'main', 1, :deleted)",
                        id, id, deleted ? std::optional<std::int64_t>(2) : std::nullopt);
        };
        wait(database.write(work));
    }
    Row row(std::int64_t begin_ms, std::uint64_t requests = 1) const {
        Row made;
        made.project = "prj_a";
        made.begin_ms = begin_ms;
        made.requests = requests;
        made.bytes = 100 * requests;
        made.success = requests;
        made.latency = {{8, requests}};
        made.paths = {{"/", requests, 0}};
        made.referrers = {{"news.example", 1, 0}};
        return made;
    }
    Result<> count(std::int64_t sequence, std::vector<Row> rows,
                   const std::string& edge = "edg_1") {
        return wait(store_.count({edge, sequence, std::move(rows)}));
    }
    std::vector<Row> minutes() { return wait(store_.rows("prj_a", minute_ms, 0, now * 2)); }
    std::vector<Row> hours() { return wait(store_.rows("prj_a", hour_ms, 0, now * 2)); }

    TrafficStore store_{database, [this] { return now; }};
};

TEST_F(TrafficStoreTest, keeps_minutes_and_hours) {
    const std::int64_t begin = now - now % hour_ms;
    ASSERT_TRUE(count(1, {row(begin, 2), row(begin + minute_ms, 3)}));
    ASSERT_TRUE(count(2, {row(begin + 30'000, 5)}));
    const std::vector<Row> each = minutes();
    ASSERT_EQ(each.size(), 2u);
    EXPECT_EQ(each[0].begin_ms, begin);
    EXPECT_EQ(each[0].requests, 7u);
    EXPECT_EQ(each[0].bytes, 700u);
    EXPECT_EQ(each[0].latency.at(0).requests, 7u);
    EXPECT_EQ(each[0].paths.at(0).requests, 7u);
    EXPECT_EQ(each[1].requests, 3u);
    const std::vector<Row> whole = hours();
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_EQ(whole[0].requests, 10u);
    EXPECT_EQ(whole[0].success, 10u);
    EXPECT_EQ(whole[0].referrers.at(0).requests, 3u);
}

TEST_F(TrafficStoreTest, keeps_deployments_apart) {
    Row first = row(now, 2);
    first.deployment = "dpl_1";
    Row second = row(now, 3);
    second.deployment = "dpl_2";
    second.missing = {{"/gone", 1, 0}};
    ASSERT_TRUE(count(1, {first, second}));
    ASSERT_TRUE(count(2, {first}));
    const std::vector<Row> each = minutes();
    ASSERT_EQ(each.size(), 2u);
    EXPECT_EQ(each[0].deployment, "dpl_1");
    EXPECT_EQ(each[0].requests, 4u);
    EXPECT_EQ(each[1].requests, 3u);
    EXPECT_EQ(each[1].missing.at(0).name, "/gone");
    EXPECT_EQ(hours().size(), 2u);
}

TEST_F(TrafficStoreTest, counts_a_report_once_however_often_it_comes) {
    ASSERT_TRUE(count(1, {row(now)}));
    ASSERT_TRUE(count(1, {row(now)}));
    ASSERT_TRUE(count(2, {row(now)}));
    ASSERT_TRUE(count(1, {row(now)}));  // late, and counted before
    EXPECT_EQ(minutes().at(0).requests, 2u);
    ASSERT_TRUE(count(1, {row(now)}, "edg_2"));
    EXPECT_EQ(minutes().at(0).requests, 3u);
}

TEST_F(TrafficStoreTest, leaves_out_what_is_of_nobody_or_of_another_time) {
    add_project("prj_gone", true);
    Row gone = row(now);
    gone.project = "prj_gone";
    Row unknown = row(now);
    unknown.project = "prj_never";
    const Row old = row(now - TrafficStore::hours_kept_ms - minute_ms);
    const Row ahead = row(now + hour_ms);
    const Row late = row(now - TrafficStore::minutes_kept_ms - minute_ms, 4);
    ASSERT_TRUE(count(1, {gone, unknown, old, ahead, late, row(-5)}));
    EXPECT_TRUE(minutes().empty());
    ASSERT_EQ(hours().size(), 1u);
    EXPECT_EQ(hours()[0].requests, 4u);
    EXPECT_TRUE(wait(store_.rows("prj_gone", hour_ms, 0, now * 2)).empty());
}

TEST_F(TrafficStoreTest, refuses_what_no_edge_makes_and_counts_none_of_it) {
    const std::vector<Row> many(traffic::report_rows_max + 1, row(now));
    EXPECT_EQ(count(1, many).error().code, "too_many_rows");
    std::vector<Row> bad(7, row(now));
    bad[0].requests = UINT64_MAX;
    bad[1].latency = {{traffic::buckets_max, 1}};
    bad[2].paths = {{std::string(1'000, 'x'), 1, 0}};
    bad[3].paths = {{"/", 1, 2}};
    bad[4].referrers = {{"", 1, 0}};
    bad[5].paths.assign(traffic::ranked_max + 1, {"/", 1, 0});
    bad[6].project = std::string(100, 'p');
    for (std::size_t at = 0; at < bad.size(); ++at)
        EXPECT_EQ(count(1, {row(now), bad[at]}).error().code, "bad_report") << at;
    EXPECT_EQ(count(0, {row(now)}).error().code, "bad_report");
    EXPECT_EQ(count(1, {row(now)}, "wrk_1").error().code, "bad_report");
    EXPECT_TRUE(hours().empty());
    ASSERT_TRUE(count(1, {row(now)}));
}

TEST_F(TrafficStoreTest, forgets_minutes_after_two_days_and_hours_after_ninety) {
    const std::int64_t begin = now;
    ASSERT_TRUE(count(1, {row(now)}));
    now = begin + TrafficStore::minutes_kept_ms - minute_ms;
    wait(store_.prune());
    EXPECT_EQ(minutes().size(), 1u);
    ASSERT_TRUE(count(1, {row(now)}));  // still known as counted
    EXPECT_EQ(minutes().size(), 1u);
    now = begin + TrafficStore::minutes_kept_ms + hour_ms;
    wait(store_.prune());
    EXPECT_TRUE(minutes().empty());
    EXPECT_EQ(hours().size(), 1u);
    now = begin + TrafficStore::hours_kept_ms + 2 * hour_ms;
    wait(store_.prune());
    EXPECT_TRUE(hours().empty());
}

TEST_F(TrafficStoreTest, gives_what_begins_in_the_span_alone) {
    const std::int64_t begin = now - now % hour_ms;
    ASSERT_TRUE(count(1, {row(begin - minute_ms), row(begin), row(begin + minute_ms)}));
    const std::vector<Row> found = wait(store_.rows("prj_a", minute_ms, begin, begin + minute_ms));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].begin_ms, begin);
    EXPECT_TRUE(wait(store_.rows("prj_b", minute_ms, 0, now * 2)).empty());
}

}  // namespace
}  // namespace berth::projects

#include "api/cache_reports.hpp"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

using namespace std::chrono_literals;
using jobs::CacheKind;

jobs::KeptCache cache(std::string name, std::string project, std::uint64_t bytes = 1,
                      CacheKind kind = CacheKind::install) {
    return {.name = std::move(name),
            .kind = kind,
            .project = std::move(project),
            .bytes = bytes,
            .used_at_ms = static_cast<std::int64_t>(bytes)};
}

class CacheReportsTest : public testing::Test {
protected:
    using Caches = std::vector<jobs::KeptCache>;

    Result<> say(const std::string& worker, const std::string& host, Caches items,
                 std::int64_t order = 0) {
        return reports_.take({.worker = worker,
                              .name = host,
                              .bytes_max = 100,
                              .project_bytes_max = 50,
                              .items = std::move(items),
                              .order = order});
    }

    std::vector<std::string> names(const std::string& project) {
        std::vector<std::string> found;
        for (const ToldCache& one : reports_.caches(project))
            found.push_back(one.worker_name + ":" + one.cache.name);
        return found;
    }

    /// A worker that carries out one order, all but what is `mounted`.
    static Task<> obey(CacheReports& reports, std::string worker, std::string host, Caches has,
                       std::string mounted) {
        const jobs::CacheOrder order =
            co_await reports.wait_for_order(worker, 5s, [] { return false; });
        std::erase_if(has, [&](const jobs::KeptCache& one) {
            return one.name != mounted && std::ranges::count(order.remove, one.name) > 0;
        });
        (void)reports.take(
            {.worker = worker, .name = host, .items = std::move(has), .order = order.order});
    }

    struct Server {
        std::string worker, host;
        Caches has;
        std::string mounted{};
    };
    static Task<ClearedCaches> clear_among(CacheReports& reports, std::vector<Server> servers,
                                           std::optional<CacheKind> kind,
                                           std::chrono::milliseconds limit) {
        const auto loop = co_await asio::this_coro::executor;
        for (const Server& one : servers) {
            spawn(loop, obey(reports, one.worker, one.host, one.has, one.mounted), "worker");
        }
        co_return co_await reports.clear("prj_1", kind, limit);
    }

    std::int64_t now_ = 1'000'000;
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    CacheReports reports_{*bus_, [this] { return now_; }};
};

TEST_F(CacheReportsTest, a_worker_s_later_word_takes_the_place_of_its_earlier_one) {
    ASSERT_TRUE(say("wrk_1", "one", {cache("a", "prj_1"), cache("b", "prj_2")}));
    ASSERT_TRUE(say("wrk_2", "two", {cache("a", "prj_1", 9)}));
    EXPECT_EQ(names("prj_1"), (std::vector<std::string>{"two:a", "one:a"}));
    ASSERT_TRUE(say("wrk_1", "one", {cache("c", "prj_1", 5)}));
    EXPECT_EQ(names(""), (std::vector<std::string>{"two:a", "one:c"}));
}

TEST_F(CacheReportsTest, two_workers_on_one_host_do_not_count_twice) {
    ASSERT_TRUE(say("wrk_old", "one", {cache("a", "prj_1", 5)}));
    ASSERT_TRUE(say("wrk_new", "one", {cache("a", "prj_1", 7)}));
    EXPECT_EQ(names("prj_1"), std::vector<std::string>{"one:a"});
    EXPECT_EQ(reports_.caches("prj_1").front().worker, "wrk_new");
    const auto workers = reports_.workers();
    ASSERT_EQ(workers.size(), 1u);
    EXPECT_EQ(workers.front().bytes, 7u);
    EXPECT_EQ(workers.front().budget_bytes, 100u);
    EXPECT_EQ(workers.front().project_budget_bytes, 50u);
}

TEST_F(CacheReportsTest, forgets_who_has_said_nothing_for_a_minute) {
    ASSERT_TRUE(say("wrk_1", "one", {cache("a", "prj_1")}));
    now_ += CacheReports::forgotten_after_ms;
    ASSERT_TRUE(say("wrk_2", "two", {}));
    EXPECT_EQ(names("").size(), 1u);
    ++now_;
    EXPECT_TRUE(names("").empty());
    EXPECT_EQ(reports_.workers().size(), 1u) << "without a cache it is still there";
}

TEST_F(CacheReportsTest, refuses_reports_that_are_not_one_or_too_many) {
    EXPECT_EQ(say("somebody", "one", {}).error().code, "bad_report");
    EXPECT_EQ(say("wrk_" + std::string(100, 'x'), "one", {}).error().code, "bad_report");
    EXPECT_EQ(say("wrk_1", "one", Caches(jobs::caches_per_report_max + 1)).error().code,
              "bad_report");
    for (std::size_t i = 0; i < CacheReports::workers_max; ++i)
        ASSERT_TRUE(say(fmt::format("wrk_{}", i), "one", {}));
    EXPECT_EQ(say("wrk_more", "one", {}).error().code, "too_many_workers");
    EXPECT_TRUE(say("wrk_7", "one", {})) << "who is known may go on";
}

TEST_F(CacheReportsTest, clears_on_all_workers_and_counts_what_went_and_what_is_in_use) {
    const Caches one{cache("a", "prj_1", 3), cache("b", "prj_1", 4), cache("x", "prj_2", 9)};
    const Caches two{cache("a", "prj_1", 5), cache("t", "", 9, CacheKind::toolchain)};
    ASSERT_TRUE(say("wrk_1", "one", one));
    ASSERT_TRUE(say("wrk_2", "two", two));
    const ClearedCaches cleared = wait(clear_among(
        reports_, {{"wrk_1", "one", one, "b"}, {"wrk_2", "two", two}}, std::nullopt, 10s));
    EXPECT_EQ(cleared.removed, 2);
    EXPECT_EQ(cleared.removed_bytes, 8u);
    EXPECT_EQ(cleared.in_use, 1);
    EXPECT_EQ(cleared.in_use_bytes, 4u);
    EXPECT_EQ(cleared.unanswered, 0);
    EXPECT_EQ(names(""), (std::vector<std::string>{"one:x", "two:t", "one:b"}));
    EXPECT_TRUE(reports_.order_for("wrk_1").remove.empty()) << "it is done";
}

TEST_F(CacheReportsTest, clears_one_kind_alone) {
    const Caches has{cache("a", "prj_1", 3), cache("b", "prj_1", 4, CacheKind::downloads)};
    ASSERT_TRUE(say("wrk_1", "one", has));
    const ClearedCaches cleared =
        wait(clear_among(reports_, {{"wrk_1", "one", has}}, CacheKind::downloads, 10s));
    EXPECT_EQ(cleared.removed_bytes, 4u);
    EXPECT_EQ(names("prj_1"), std::vector<std::string>{"one:a"});
}

TEST_F(CacheReportsTest, does_not_wait_for_ever_and_keeps_the_order) {
    ASSERT_TRUE(say("wrk_1", "one", {cache("a", "prj_1", 3)}));
    const ClearedCaches cleared = wait(clear_among(reports_, {}, std::nullopt, 20ms));
    EXPECT_EQ(cleared.unanswered, 1);
    EXPECT_EQ(cleared.unanswered_bytes, 3u);
    EXPECT_EQ(cleared.removed, 0);
    const jobs::CacheOrder order = reports_.order_for("wrk_1");
    EXPECT_EQ(order.order, 1);
    EXPECT_EQ(order.remove, std::vector<std::string>{"a"});
    // A word that was on its way does not undo it.
    ASSERT_TRUE(say("wrk_1", "one", {cache("a", "prj_1", 3)}));
    EXPECT_EQ(reports_.order_for("wrk_1").remove.size(), 1u);
    ASSERT_TRUE(say("wrk_1", "one", {}, 1));
    EXPECT_TRUE(reports_.order_for("wrk_1").remove.empty());
}

TEST_F(CacheReportsTest, has_nothing_to_wait_for_where_nothing_is) {
    const ClearedCaches cleared = wait(clear_among(reports_, {}, std::nullopt, 10s));
    EXPECT_EQ(cleared.removed, 0);
    EXPECT_EQ(cleared.unanswered, 0);
}

TEST_F(CacheReportsTest, a_wait_for_orders_ends_when_it_is_over) {
    ASSERT_TRUE(say("wrk_1", "one", {}, 4));
    const auto order = wait(reports_.wait_for_order("wrk_1", 10s, [] { return true; }));
    EXPECT_EQ(order.order, 4) << "an api that began later goes on from there";
    EXPECT_TRUE(order.remove.empty());
    EXPECT_EQ(wait(reports_.wait_for_order("wrk_1", 10ms, [] { return false; })).order, 4);
}

}  // namespace
}  // namespace berth::api

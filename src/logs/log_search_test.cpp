#include "logs/log_search.hpp"

#include <gtest/gtest.h>

#include "db/records.hpp"
#include "logs/log_store.hpp"
#include "objects/testing.hpp"

namespace berth::logs {
namespace {

class LogSearchTest : public testing::Test {
protected:
    LogSearchTest() {
        database_.migrate();
        const auto prepare = [](soci::session& sql) {
            db::execute(sql,
                        "insert into teams (id, slug, name, created_at_ms) values ('tem_1', "
                        "'default', 'Default', 0)");
            for (const char* project : {"shop", "blog"}) {
                db::execute(sql,
                            "insert into projects (id, team, name, repo_url, branch, "
                            "created_at_ms) values (:id, 'tem_1', :name, 'https://x', 'main', 0)",
                            std::string(project), std::string(project));
            }
        };
        wait(database_.write(prepare));
    }

    /// A deployment with `count` lines "ID line N"; those in tens are errors.
    void add(const std::string& id, int intent, int count, const std::string& project = "shop") {
        const auto insert = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into deployments (id, project, intent, state, environment, ref, "
                        "\"trigger\", created_at_ms, epoch) values (:id, :project, :intent, "
                        "'building', 'preview', 'feature', 'cli', 7, 1)",
                        id, project, intent);
        };
        wait(database_.write(insert));
        for (int first = 0; first < count; first += 100) {
            jobs::LogAppend batch{.epoch = 1, .first = first, .lines = {}, .open = {}};
            for (int i = first; i < std::min(count, first + 100); ++i) {
                batch.lines.push_back(
                    {.level = i % 10 == 0 ? jobs::Level::error : jobs::Level::info,
                     .step = jobs::Step::build,
                     .text = fmt::format("{} line {}", id, i)});
            }
            wait(logs_.append(id, batch)).value();
        }
    }

    Found find(LineWish wish, SearchPlace from = {}, SearchLimits limits = {},
               const std::string& deployment = "") {
        return wait(logs_.search().find("shop", deployment, LineFilter::of(wish).value(), from,
                                        limits))
            .value();
    }

    /// The hits of all pages: "dpl_1:10".
    std::vector<std::string> all(const LineWish& wish, const SearchLimits& limits) {
        std::vector<std::string> places;
        SearchPlace from;
        for (int page = 0; page < 5000; ++page) {
            const Found found = find(wish, from, limits);
            for (const Hit& hit : found.hits)
                places.push_back(fmt::format("{}:{}", hit.deployment, hit.line.number));
            if (!found.next) return places;
            from = *found.next;
        }
        ADD_FAILURE() << "the search does not end";
        return places;
    }

    db::Database database_{"sqlite::memory:"};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    LogStore logs_{database_, *objects_, *bus_};
};

TEST_F(LogSearchTest, finds_lines_of_all_deployments_the_newest_first) {
    add("dpl_1", 1, 250);
    add("dpl_2", 2, 30);
    add("dpl_other", 3, 30, "blog");
    wait(logs_.archive("dpl_1"));
    const Found found = find({.text = "LINE 2", .level = jobs::Level::error});
    std::vector<std::string> places;
    for (const Hit& hit : found.hits)
        places.push_back(fmt::format("{}:{}", hit.deployment, hit.line.number));
    const std::vector<std::string> expected{"dpl_2:20",  "dpl_1:20",  "dpl_1:200", "dpl_1:210",
                                            "dpl_1:220", "dpl_1:230", "dpl_1:240"};
    EXPECT_EQ(places, expected);
    EXPECT_FALSE(found.next);
    EXPECT_EQ(found.deployments, 2);
    EXPECT_GT(found.bytes, 5'000);
    EXPECT_EQ(found.hits.front().ref, "feature");
    EXPECT_EQ(found.hits.front().environment, "preview");
    EXPECT_EQ(found.hits.front().created_at_ms, 7);
    EXPECT_EQ(found.hits.front().line.line.text, "dpl_2 line 20");
}

TEST_F(LogSearchTest, goes_on_where_it_stopped_without_gap_or_double) {
    for (int i = 1; i <= 4; ++i)
        add(fmt::format("dpl_{}", i), i, 120 * i);
    wait(logs_.archive("dpl_2"));
    const LineWish wish{.text = "line", .level = jobs::Level::error};
    const std::vector<std::string> whole = all(wish, {.hits_max = 1'000});
    EXPECT_EQ(whole.size(), 120u);
    EXPECT_EQ(all(wish, {.hits_max = 1}), whole);
    EXPECT_EQ(all(wish, {.hits_max = 7}), whole);
    EXPECT_EQ(all(wish, {.hits_max = 100, .bytes_max = 1}), whole);
    EXPECT_EQ(all(wish, {.hits_max = 100, .ms_max = 0}), whole);
    EXPECT_EQ(all(wish, {.hits_max = 100, .deployments_max = 1}), whole);
}

TEST_F(LogSearchTest, looks_at_no_more_than_its_bounds_allow) {
    for (int i = 1; i <= 9; ++i)
        add(fmt::format("dpl_{}", i), i, 200);
    const Found little = find({.text = "nowhere"}, {}, {.bytes_max = 5'000});
    EXPECT_TRUE(little.hits.empty());
    ASSERT_TRUE(little.next);
    EXPECT_LT(little.bytes, 20'000);
    const Found few = find({.text = "nowhere"}, {}, {.deployments_max = 3});
    EXPECT_EQ(few.deployments, 3);
    ASSERT_TRUE(few.next);
    EXPECT_EQ(few.next->intent, 6);
}

TEST_F(LogSearchTest, looks_at_one_deployment_of_the_project_if_asked) {
    add("dpl_1", 1, 20);
    add("dpl_2", 2, 20);
    add("dpl_other", 3, 20, "blog");
    EXPECT_EQ(find({.text = "line 7"}, {}, {}, "dpl_1").hits.size(), 1u);
    EXPECT_EQ(find({.text = "line 7"}, {}, {}, "dpl_other").hits.size(), 0u)
        << "another project's log";
    EXPECT_EQ(find({.text = "line 7"}, {}, {}, "' or 1=1 --").hits.size(), 0u);
}

Task<Result<Found>> find_all(LogSearch& search) {
    const std::string project = "shop";
    const std::string all;
    const LineFilter filter = LineFilter::of({}).value();
    const SearchPlace from;
    const SearchLimits limits;
    co_return co_await search.find(project, all, filter, from, limits);
}

/// What three at once are told: "" for one that was answered.
Task<std::vector<std::string>> three_at_once(LogSearch& search) {
    const auto here = co_await asio::this_coro::executor;
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(here, find_all(search), asio::deferred),
        asio::co_spawn(here, find_all(search), asio::deferred),
        asio::co_spawn(here, find_all(search), asio::deferred));
    const auto ended =
        co_await race.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    std::vector<std::string> codes;
    for (const Result<Found>* each :
         {&std::get<2>(ended), &std::get<4>(ended), &std::get<6>(ended)})
        codes.push_back(*each ? "" : each->error().code);
    co_return codes;
}

TEST_F(LogSearchTest, refuses_more_at_once_than_its_bound) {
    add("dpl_1", 1, 20);
    const std::vector<std::string> expected{"", "", "search_busy"};
    EXPECT_EQ(wait(three_at_once(logs_.search())), expected);
    EXPECT_EQ(find({.text = "line 7"}).hits.size(), 1u) << "the others have ended";
}

TEST_F(LogSearchTest, does_not_take_silence_of_the_store_for_nothing_found) {
    add("dpl_1", 1, 20);
    objects::SilentObjectStore store(*objects_);
    LogStore logs(database_, store, *bus_);
    wait(logs.archive("dpl_1"));
    store.silent = true;
    EXPECT_THROW(wait(logs.search().find("shop", "", LineFilter::of({}).value(), {}, {})).value(),
                 std::runtime_error);
}

}  // namespace
}  // namespace berth::logs

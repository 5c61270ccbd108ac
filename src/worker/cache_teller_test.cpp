#include "worker/cache_teller.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace berth::worker {
namespace {

/// An api that remembers reports and answers from a list, then with nothing to do.
class FakeClient final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call call) override {
        EXPECT_TRUE(call.url.ends_with("/api/v1/worker/caches")) << call.url;
        EXPECT_EQ(call.headers.get(jobs::version_header), std::to_string(jobs::version));
        reports.push_back(json::parse_as<jobs::CacheReport>(call.body).value());
        if (away) co_return fail(Failure::unavailable, "away");
        jobs::CacheOrder order{.order = reports.back().order};
        if (next) order = *std::exchange(next, std::nullopt);
        co_return http::Reply{.status = 200, .body = json::text(order)};
    }

    std::vector<jobs::CacheReport> reports{};
    std::optional<jobs::CacheOrder> next{};
    bool away = false;
};

/// An engine that has volumes, some of which a run uses.
class VolumeEngine final : public engines::Engine {
public:
    Task<Result<>> make_volume(engines::Volume) override { co_return Result<>{}; }
    Task<Result<>> keep_volume(std::string, std::string) override { co_return Result<>{}; }
    Task<Result<>> remove_volume(std::string name) override {
        if (mounted.contains(name)) co_return fail(Failure::conflict, "in use");
        removed.push_back(name);
        std::erase_if(there, [&](const engines::VolumeState& one) { return one.name == name; });
        co_return Result<>{};
    }
    Task<Result<std::vector<engines::VolumeState>>> volumes() override { co_return there; }
    Task<Result<std::unique_ptr<engines::Running>>> start(engines::Run) override {
        co_return fail(Failure::unavailable, "nothing runs here");
    }
    Task<Result<>> destroy(std::string) override { co_return Result<>{}; }

    std::vector<engines::VolumeState> there{{"snap-prj_1-aa", true, 5, 10},
                                            {"pm-prj_1-production-17", true, 6, 9},
                                            {"snap-prj_2-bb", true, 7, 8},
                                            {"tool-node-24.0.0", true, 8, 7},
                                            {"dpl_1-1-src", false, 9, 6}};
    std::set<std::string> mounted{};
    std::vector<std::string> removed{};
};

class CacheTellerTest : public testing::Test {
protected:
    static std::vector<std::string> names(const jobs::CacheReport& report) {
        std::vector<std::string> found;
        found.reserve(report.items.size());
        for (const jobs::KeptCache& cache : report.items)
            found.push_back(cache.name);
        return found;
    }

    FakeClient client_;
    VolumeEngine engine_;
    builds::CacheHolds holds_;
    CacheTeller teller_{client_,
                        engine_,
                        {"http://api", "token"},
                        {.worker = "wrk_1", .name = "here", .bytes_max = 3},
                        holds_};
};

TEST_F(CacheTellerTest, says_who_it_is_and_what_it_keeps) {
    ASSERT_TRUE(wait(teller_.tell_and_wait()));
    ASSERT_EQ(client_.reports.size(), 1u) << "there was nothing to do";
    const jobs::CacheReport& report = client_.reports.front();
    EXPECT_EQ(report.worker, "wrk_1");
    EXPECT_EQ(report.bytes_max, 3u);
    EXPECT_EQ(report.wait_ms, 25'000);
    EXPECT_EQ(names(report), (std::vector<std::string>{"snap-prj_1-aa", "pm-prj_1-production-17",
                                                       "snap-prj_2-bb", "tool-node-24.0.0"}));
    wait(teller_.tell());
    EXPECT_EQ(client_.reports.back().wait_ms, 0);
}

TEST_F(CacheTellerTest, removes_what_it_is_told_to_and_says_so_at_once) {
    engine_.mounted = {"pm-prj_1-production-17"};
    client_.next = {1, {"snap-prj_1-aa", "pm-prj_1-production-17"}};
    ASSERT_TRUE(wait(teller_.tell_and_wait()));
    EXPECT_EQ(engine_.removed, std::vector<std::string>{"snap-prj_1-aa"});
    ASSERT_EQ(client_.reports.size(), 2u);
    EXPECT_EQ(client_.reports.back().order, 1);
    EXPECT_EQ(
        names(client_.reports.back()),
        (std::vector<std::string>{"pm-prj_1-production-17", "snap-prj_2-bb", "tool-node-24.0.0"}));
}

TEST_F(CacheTellerTest, leaves_what_a_build_of_the_project_may_be_about_to_mount) {
    builds::CacheHolds::Hold one = holds_.project("prj_1");
    builds::CacheHolds::Hold other = holds_.project("prj_1");
    one.reset();
    client_.next = {1, {"snap-prj_1-aa", "snap-prj_2-bb"}};
    ASSERT_TRUE(wait(teller_.tell_and_wait()));
    EXPECT_EQ(engine_.removed, std::vector<std::string>{"snap-prj_2-bb"});
    EXPECT_EQ(client_.reports.back().order, 1) << "it is carried out as far as that goes";
    other.reset();
    client_.next = {2, {"snap-prj_1-aa"}};
    ASSERT_TRUE(wait(teller_.tell_and_wait()));
    EXPECT_EQ(engine_.removed.back(), "snap-prj_1-aa");
}

TEST_F(CacheTellerTest, removes_nothing_but_caches_of_projects) {
    client_.next = {1, {"tool-node-24.0.0", "dpl_1-1-src", "/etc", "snap-prj_9-cc"}};
    ASSERT_TRUE(wait(teller_.tell_and_wait()));
    EXPECT_TRUE(engine_.removed.empty());
}

TEST_F(CacheTellerTest, says_that_the_api_is_away) {
    client_.away = true;
    EXPECT_EQ(wait(teller_.tell_and_wait()).error().failure, Failure::unavailable);
    wait(teller_.tell());
    EXPECT_TRUE(engine_.removed.empty());
}

}  // namespace
}  // namespace berth::worker

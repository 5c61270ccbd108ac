// Caches as people and workers see them over HTTP.
#include <gtest/gtest.h>

#include "api/cache_reports.hpp"
#include "api/testing.hpp"
#include "base/crypto.hpp"
#include "deployments/deployments.hpp"
#include "logs/log_store.hpp"
#include "objects/object_store.hpp"

namespace berth::api {
namespace {

class CacheRoutesTest : public testing::Test, protected TestApi {
protected:
    CacheRoutesTest() {
        services.deployments = &deployments_;
        services.bus = bus_.get();
        services.caches = &reports_;
        shop_ = add_project(ann_, "shop");
        post("/api/v1/projects/shop/deployments", R"({"ref":"feature/a"})", ann_);
    }

    TestReply say(const jobs::CacheReport& report) {
        const Sender worker{.bearer = accounts->secrets().worker_token};
        return post("/api/v1/worker/caches", json::text(report), worker);
    }
    jobs::CacheReport report() const {
        jobs::CacheReport report{
            .worker = "wrk_1", .name = "builder", .bytes_max = 100, .project_bytes_max = 50};
        report.items = {{.name = "fw-x",
                         .kind = jobs::CacheKind::bundler,
                         .project = shop_,
                         .trust = "preview",
                         .part = sha256_hex("feature/a").substr(0, jobs::cache_part_size),
                         .bytes = 7,
                         .used_at_ms = 9},
                        {.name = "snap-x", .project = shop_, .bytes = 5, .used_at_ms = 8},
                        {.name = "snap-y", .project = "prj_gone", .bytes = 30, .used_at_ms = 7},
                        {.name = "tool-x", .kind = jobs::CacheKind::toolchain, .bytes = 20}};
        return report;
    }
    TestReply clear(const std::string& query = "") {
        return send(http::Verb::del, "/api/v1/projects/shop/caches" + query, "", ann_);
    }

    static deployments::DeploymentsConfig config() {
        deployments::DeploymentsConfig config;
        config.url_of = [](const std::string& host) { return "http://" + host; };
        return config;
    }

    std::unique_ptr<bus::Bus> bus_ = bus::make_local_bus();
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
    deployments::RoutePublisher publisher_{database, *objects_, *bus_};
    deployments::Deployments deployments_{database,   *objects_, *bus_, [this] { return now; },
                                          publisher_, config()};
    CacheReports reports_{*bus_, [this] { return now; }};
    Sender ann_ = owner();
    std::string shop_;
};

TEST_F(CacheRoutesTest, a_project_has_its_caches_with_branch_sum_and_budget) {
    ASSERT_EQ(say(report()).status, 200u);
    const auto view = get("/api/v1/projects/shop/caches", ann_).json();
    EXPECT_EQ(view.at("bytes"), 12);
    EXPECT_EQ(view.at("budget_bytes"), 50);
    EXPECT_EQ(view.at("workers"), 1);
    const auto& items = view.at("items").as_array();
    ASSERT_EQ(items.size(), 2u);
    EXPECT_EQ(items[0].at("branch"), "feature/a");
    EXPECT_EQ(items[0].at("trust"), "preview");
    EXPECT_EQ(items[0].at("worker"), "builder");
    EXPECT_EQ(items[1].at("kind"), "install");
    EXPECT_TRUE(items[1].at("trust").is_null());
    EXPECT_TRUE(items[1].at("branch").is_null());
}

TEST_F(CacheRoutesTest, without_a_worker_there_is_nothing_and_that_is_said) {
    const auto view = get("/api/v1/projects/shop/caches", ann_).json();
    EXPECT_TRUE(view.at("items").as_array().empty());
    EXPECT_EQ(view.at("workers"), 0);
    EXPECT_EQ(clear().json().at("removed"), 0);
}

TEST_F(CacheRoutesTest, the_owner_sees_sums_of_all_projects_and_the_toolchains) {
    ASSERT_EQ(say(report()).status, 200u);
    const auto view = get("/api/v1/instance/caches", ann_).json();
    EXPECT_EQ(view.at("bytes"), 62);
    EXPECT_EQ(view.at("budget_bytes"), 100);
    EXPECT_EQ(view.at("workers").at(0).at("name"), "builder");
    const auto& items = view.at("items").as_array();
    ASSERT_EQ(items.size(), 3u);
    EXPECT_EQ(items[0].at("project"), "prj_gone");
    EXPECT_TRUE(items[0].at("project_name").is_null());
    EXPECT_TRUE(items[1].at("project").is_null()) << "toolchains";
    EXPECT_EQ(items[2].at("project_name"), "shop");
    EXPECT_EQ(items[2].at("caches"), 2);
    EXPECT_EQ(items[2].at("used_at_ms"), 9);
}

TEST_F(CacheRoutesTest, refuses_kinds_that_there_are_not_or_that_all_share) {
    for (const char* kind : {"toolchain", "everything", ""}) {
        const TestReply refused = clear("?kind=" + std::string(kind));
        EXPECT_EQ(refused.status, 400u) << refused.text;
        EXPECT_EQ(refused.code(), "bad_parameter");
    }
}

TEST_F(CacheRoutesTest, a_worker_is_told_what_to_remove) {
    ASSERT_EQ(say(report()).status, 200u);
    const ClearedCaches cleared =
        wait(reports_.clear(shop_, std::nullopt, std::chrono::milliseconds(1)));
    EXPECT_EQ(cleared.unanswered, 2);
    jobs::CacheReport patient = report();
    patient.wait_ms = 25'000;  // it does not wait for what is there
    const auto order = say(patient).json();
    EXPECT_EQ(order.at("order"), 1);
    EXPECT_EQ(order.at("remove").as_array().size(), 2u);
}

TEST_F(CacheRoutesTest, a_deleted_project_s_caches_go_at_once_and_what_was_in_use_later) {
    EXPECT_TRUE(say(report()).json().at("remove").as_array().empty())
        << "a project that is not known here is not ours to clear";
    ASSERT_EQ(send(http::Verb::del, "/api/v1/projects/shop", "", ann_).status, 204u);
    const jobs::CacheOrder order = reports_.order_for("wrk_1");
    EXPECT_EQ(order.remove, (std::vector<std::string>{"fw-x", "snap-x"}));

    jobs::CacheReport still = report();  // a build that is being stopped has one of them mounted
    std::erase_if(still.items, [](const auto& one) { return one.name == "snap-x"; });
    still.order = order.order;
    EXPECT_TRUE(say(still).json().at("remove").as_array().empty()) << "not again at once";
    now += CacheReports::asked_again_after_ms + 1;
    const auto again = say(still).json();
    EXPECT_EQ(again.at("order"), order.order + 1);
    EXPECT_EQ(again.at("remove").at(0), "fw-x");
}

TEST_F(CacheRoutesTest, what_a_build_leaves_of_a_project_that_was_deleted_meanwhile_goes) {
    ASSERT_EQ(send(http::Verb::del, "/api/v1/projects/shop", "", ann_).status, 204u);
    const auto order = say(report()).json();
    EXPECT_EQ(order.at("order"), 1);
    EXPECT_EQ(order.at("remove").as_array().size(), 2u);
}

TEST_F(CacheRoutesTest, refuses_a_worker_s_nonsense) {
    jobs::CacheReport wrong = report();
    wrong.worker = "me";
    EXPECT_EQ(say(wrong).code(), "bad_report");
}

}  // namespace
}  // namespace berth::api

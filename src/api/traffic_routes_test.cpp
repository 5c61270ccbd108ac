// Traffic, as edges report it and as people see it.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "projects/traffic_store.hpp"

namespace berth::api {
namespace {

using traffic::hour_ms;
using traffic::minute_ms;

class TrafficRoutesTest : public testing::Test, protected TestApi {
protected:
    TrafficRoutesTest() {
        services.traffic = &traffic_;
        now += 20 * minute_ms + 5'000;  // in the middle of an hour
        ann_ = owner();
        project_ = add_project(ann_, "shop");
    }

    traffic::Row row(std::int64_t begin_ms, std::uint64_t requests, std::uint32_t bucket = 8) {
        traffic::Row made;
        made.project = project_;
        made.begin_ms = begin_ms;
        made.requests = requests;
        made.success = requests;
        made.memory = requests;
        made.bytes = 1'000 * requests;
        made.latency = {{bucket, requests}};
        made.paths = {{"/", requests, 0}};
        return made;
    }
    TestReply report(std::int64_t sequence, std::vector<traffic::Row> rows) {
        const traffic::Report report{"edg_1", sequence, std::move(rows)};
        const Sender edge{.bearer = accounts->secrets().edge_token};
        return post("/api/v1/edge/traffic", json::text(report), edge);
    }
    boost::json::value shown(const std::string& query = "") {
        const TestReply reply = get("/api/v1/projects/shop/traffic" + query, ann_);
        EXPECT_EQ(reply.status, 200u) << reply.text;
        return reply.json();
    }

    Sender ann_{};
    std::string project_{};
    projects::TrafficStore traffic_{database, [this] { return now; }};
};

TEST_F(TrafficRoutesTest, shows_the_last_day_by_the_hour) {
    const std::int64_t hour = now - now % hour_ms;
    EXPECT_EQ(report(1, {row(hour, 3), row(hour - hour_ms, 1, 80)}).status, 204u);
    const boost::json::value view = shown();
    EXPECT_EQ(view.at("step_ms"), hour_ms);
    EXPECT_EQ(
        view.at("to_ms").to_number<std::int64_t>() - view.at("from_ms").to_number<std::int64_t>(),
        25 * hour_ms);
    EXPECT_EQ(view.at("totals").at("requests"), 4);
    EXPECT_EQ(view.at("totals").at("bytes"), 4'000);
    EXPECT_EQ(view.at("totals").at("p50_us"), traffic::bucket_end_us(8));
    EXPECT_EQ(view.at("totals").at("p99_us"), traffic::bucket_end_us(80));
    const auto& points = view.at("points").as_array();
    ASSERT_EQ(points.size(), 2u);
    EXPECT_EQ(view.at("paths").at(0).at("name"), "/");
}

TEST_F(TrafficRoutesTest, shows_minutes_and_days_when_asked) {
    const std::int64_t day = now - now % (24 * hour_ms);
    ASSERT_EQ(report(1, {row(day - hour_ms, 1), row(day, 2)}).status, 204u);
    const std::string span = fmt::format("?from={}&to={}", day - 2 * hour_ms, day + hour_ms);
    const boost::json::value days = shown(span + "&step=day");
    ASSERT_EQ(days.at("points").as_array().size(), 2u);
    EXPECT_EQ(days.at("points").at(0).at("begin_ms"), day - 24 * hour_ms);
    EXPECT_EQ(days.at("points").at(1).at("requests"), 2);
    const boost::json::value minutes = shown(span + "&step=minute");
    EXPECT_EQ(minutes.at("step_ms"), minute_ms);
    EXPECT_EQ(minutes.at("points").at(1).at("begin_ms"), day);
    EXPECT_EQ(shown(fmt::format("?from={}&to={}", day, day + hour_ms)).at("step_ms"), minute_ms);
}

TEST_F(TrafficRoutesTest, tells_deployments_apart) {
    traffic::Row old = row(now, 1);
    old.deployment = "dpl_old";
    old.missing = {{"/gone", 1, 0}};
    traffic::Row live = row(now, 5, 80);
    live.deployment = "dpl_live";
    ASSERT_EQ(report(1, {old, live}).status, 204u);
    const boost::json::value all = shown();
    EXPECT_EQ(all.at("totals").at("requests"), 6);
    EXPECT_EQ(all.at("totals").at("p95_us"), traffic::bucket_end_us(80));
    EXPECT_EQ(all.at("missing").at(0).at("name"), "/gone");
    ASSERT_EQ(all.at("deployments").as_array().size(), 2u);
    EXPECT_EQ(all.at("deployments").at(0).at("deployment"), "dpl_live");
    const boost::json::value one = shown("?deployment=dpl_old");
    EXPECT_EQ(one.at("totals").at("requests"), 1);
    EXPECT_EQ(one.at("points").at(0).at("requests"), 1);
    EXPECT_EQ(one.at("deployments").as_array().size(), 2u);
    EXPECT_EQ(shown("?deployment=dpl_no").at("totals").at("requests"), 0);
}

TEST_F(TrafficRoutesTest, nothing_is_an_answer_too) {
    const boost::json::value view = shown();
    EXPECT_TRUE(view.at("points").as_array().empty());
    EXPECT_EQ(view.at("totals").at("requests"), 0);
    EXPECT_TRUE(view.at("totals").at("p50_us").is_null());
}

TEST_F(TrafficRoutesTest, says_which_parameter_is_wrong) {
    for (const char* query :
         {"from=x", "to=-1", "from=1.5", "step=week", "from=10&to=10", "from=11&to=10",
          "from=0&step=minute", "to=99999999999999999", "from="}) {
        const TestReply reply = get(fmt::format("/api/v1/projects/shop/traffic?{}", query), ann_);
        EXPECT_EQ(reply.status, 400u) << query;
        EXPECT_EQ(reply.code(), "bad_parameter") << query;
    }
}

TEST_F(TrafficRoutesTest, a_repeated_report_is_counted_once_and_a_made_up_one_refused) {
    EXPECT_EQ(report(1, {row(now, 2)}).status, 204u);
    EXPECT_EQ(report(1, {row(now, 2)}).status, 204u);
    EXPECT_EQ(shown("?step=minute").at("totals").at("requests"), 2);
    traffic::Row bad = row(now, 1);
    bad.latency = {{5'000, 1}};
    EXPECT_EQ(report(2, {bad}).code(), "bad_report");
    EXPECT_EQ(report(2, std::vector<traffic::Row>(101, row(now, 1))).code(), "too_many_rows");
    const Sender edge{.bearer = accounts->secrets().edge_token};
    EXPECT_EQ(post("/api/v1/edge/traffic", R"({"edge":"edg_1","sequence":"x"})", edge).status,
              422u);
    EXPECT_EQ(post("/api/v1/edge/traffic", "{", edge).code(), "malformed_json");
}

TEST_F(TrafficRoutesTest, only_edges_report_and_only_members_see) {
    const Sender worker{.bearer = accounts->secrets().worker_token};
    EXPECT_EQ(post("/api/v1/edge/traffic", "{}", worker).status, 403u);
    EXPECT_EQ(post("/api/v1/edge/traffic", "{}", ann_).status, 403u);
    EXPECT_EQ(get("/api/v1/projects/shop/traffic", stranger(ann_)).status, 404u);
    EXPECT_EQ(get("/api/v1/projects/shop/traffic", token(ann_, "read")).status, 200u);
}

}  // namespace
}  // namespace berth::api

// The edge's answers to its operator, and its reports to the api, over a real edge and a real
// server.
#include "roles/edge_admin.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "edge/telling_testing.hpp"
#include "http/server.hpp"

namespace berth::roles {
namespace {

/// Stands for the api: keeps what it is told, and answers as it is told to.
struct FakeApi {
    std::mutex guard{};
    std::vector<traffic::Report> reports{};
    std::atomic<unsigned> status = 204;

    std::size_t count() {
        const std::scoped_lock held(guard);
        return reports.size();
    }
};
FakeApi* fake = nullptr;

Task<http::Response> answer(http::Request& request) {
    EXPECT_EQ(request.path, "/api/v1/edge/traffic");
    EXPECT_EQ(request.headers.get("authorization"), "Bearer tok_edge");
    const std::scoped_lock held(fake->guard);
    fake->reports.push_back(json::parse_as<traffic::Report>(request.body).value());
    co_return http::empty_response(fake->status);
}

http::BodyPlan plan(const http::Request&) {
    return {.stream = false, .bytes_max = 4 << 20};
}

class EdgeAdminTest : public edge::testing_support::TellingTest {
protected:
    EdgeAdminTest() {
        fake = &api_;
        start();
        reports_.emplace(*edge_, role(), "edg_test");
    }
    EdgeRoleConfig role() {
        EdgeRoleConfig config;
        config.server = "unix:" + (store_ / "api.sock") + ":";
        config.token = "tok_edge";
        return config;
    }
    http::Response ask(const std::string& path, http::Verb verb = http::Verb::get) {
        http::Request request;
        request.verb = verb;
        request.path = path;
        return wait(answer_edge_admin(*edge_, *reports_, request));
    }
    static std::string text_of(const http::Response& response) {
        return std::get<std::string>(response.body);
    }

    FakeApi api_{};
    http::testing_support::Running server_{
        [](Fd socket) { return http::serve(std::move(socket), &answer, &plan, {}); },
        http::listen_unix(store_ / "api.sock")};
    std::optional<EdgeReports> reports_{};
};

TEST_F(EdgeAdminTest, answers_metrics_livez_and_readyz_alone) {
    EXPECT_EQ(ask("/livez").status, 200u);
    EXPECT_EQ(ask("/readyz").status, 200u);
    const http::Response metrics = ask("/metrics");
    EXPECT_EQ(metrics.status, 200u);
    EXPECT_EQ(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(metrics.headers.get("cache-control"), "no-store");
    EXPECT_NE(text_of(metrics).find("\nberth_edge_traffic_rows_waiting 0\n"), std::string::npos);
    EXPECT_EQ(ask("/").status, 404u);
    EXPECT_EQ(ask("/metrics/").status, 404u);
    const http::Response refused = ask("/metrics", http::Verb::post);
    EXPECT_EQ(refused.status, 405u);
    EXPECT_EQ(refused.headers.get("allow"), "GET, HEAD");
}

TEST_F(EdgeAdminTest, is_neither_alive_nor_ready_once_the_edge_has_ended) {
    stop();
    EXPECT_EQ(ask("/readyz").status, 503u);
    EXPECT_EQ(ask("/livez").status, 503u);
    EXPECT_EQ(ask("/metrics").status, 200u);
}

TEST_F(EdgeAdminTest, tells_the_api_what_is_left_at_the_end) {
    get("/docs/");
    get("/missing");
    stop();
    reports_->send_last();
    ASSERT_EQ(api_.count(), 1u);
    const traffic::Report& report = api_.reports.front();
    EXPECT_EQ(report.edge, "edg_test");
    EXPECT_EQ(report.sequence, 1);
    ASSERT_EQ(report.rows.size(), 1u);
    EXPECT_EQ(report.rows[0].project, "prj_1");
    EXPECT_EQ(report.rows[0].requests, 2u);
    EXPECT_EQ(report.rows[0].paths.at(0).name, "/docs/");
}

TEST_F(EdgeAdminTest, keeps_what_the_api_did_not_take_and_sends_the_same_again) {
    get("/");
    stop();
    api_.status = 503;
    reports_->send_last();
    edge::EdgeNow now;
    reports_->describe(now);
    EXPECT_EQ(now.traffic_rows_waiting, 1u);
    EXPECT_EQ(now.traffic_lost_requests, 0u);
    api_.status = 204;
    reports_->send_last();
    ASSERT_EQ(api_.count(), 2u);
    EXPECT_EQ(json::text(api_.reports[0]), json::text(api_.reports[1]));
    reports_->describe(now);
    EXPECT_EQ(now.traffic_rows_waiting, 0u);
}

TEST_F(EdgeAdminTest, gives_up_what_the_api_will_never_take) {
    get("/");
    stop();
    api_.status = 422;
    reports_->send_last();
    edge::EdgeNow now;
    reports_->describe(now);
    EXPECT_EQ(now.traffic_rows_waiting, 0u);
    EXPECT_EQ(now.traffic_lost_requests, 1u);
}

TEST_F(EdgeAdminTest, an_api_that_is_away_holds_nothing_up) {
    get("/");
    stop();
    server_.stop();
    reports_->send_last();
    edge::EdgeNow now;
    reports_->describe(now);
    EXPECT_EQ(now.traffic_rows_waiting, 1u);
}

}  // namespace
}  // namespace berth::roles

// Deployments that go live when their commit's checks at the Git host have passed.
#include "api/host_checks.hpp"

#include "api/webhook_testing.hpp"
#include "artifacts/manifest.hpp"

namespace berth::api {
namespace {

constexpr const char* commit = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

class HostChecksTest : public WebhookTest {
protected:
    HostChecksTest() {
        const std::string team =
            get("/api/v1/teams", ann_).json().at("items").at(0).at("id").as_string().c_str();
        write("update projects set repo_url = 'https://github.com/team/shop.git'");
        const std::string connection = post("/api/v1/teams/" + team + "/git-connections",
                                            R"({"provider":"github","token":"t0k"})", ann_)
                                           .at("id");
        const TestReply linked =
            send(http::Verb::put, "/api/v1/projects/shop/git",
                 R"({"connection":")" + connection + R"(","repository":"team/shop"})", ann_);
        EXPECT_EQ(linked.status, 200u) << linked.text;
        write("update projects set wait_for_checks = 1");
        check("ci", "pending");
    }

    /// Built, of a commit, with nothing in it.
    std::string build() {
        deployments::NewDeployment wanted{.project = project_, .commit = commit};
        const std::string id = wait(services.deployments->create(wanted)).value().id;
        const auto claimed = wait(services.deployments->claim({.id = "wrk_1"}, "here")).value();
        jobs::Finish finish{.epoch = claimed.deployment.epoch, .state = jobs::State::ready};
        finish.manifest.emplace();
        wait(services.deployments->finish(id, finish)).value();
        return id;
    }
    deployments::DeploymentView view(const std::string& id) {
        return wait(services.deployments->find(id)).value();
    }
    bool is_live(const std::string& id) {
        return wait(services.deployments->production(project_)).deployment == id;
    }
    void check(const char* name, const char* state) {
        git_host.commit_statuses = {json::bj::object{{"context", name}, {"state", state}}};
    }
    void heed() { wait(heed_host_checks(services)); }
    void heed_later() {
        now += host_check_pause_ms;
        heed();
    }
};

TEST_F(HostChecksTest, it_waits_until_they_have_passed) {
    const std::string id = build();
    EXPECT_EQ(view(id).state, jobs::State::ready);
    EXPECT_TRUE(view(id).waits_for_checks);
    EXPECT_FALSE(is_live(id));
    heed();
    EXPECT_FALSE(is_live(id));
    check("ci", "success");
    heed();
    EXPECT_FALSE(is_live(id)) << "asked again too soon";
    heed_later();
    EXPECT_TRUE(is_live(id));
    EXPECT_FALSE(view(id).waits_for_checks);
    EXPECT_EQ(count("waiting_promotions"), 0);
}

TEST_F(HostChecksTest, a_failed_one_keeps_it_from_going_live_and_is_named) {
    const std::string id = build();
    check("e2e", "failure");
    heed();
    EXPECT_FALSE(is_live(id));
    EXPECT_FALSE(view(id).waits_for_checks);
    EXPECT_NE(view(id).detail.find("'e2e'"), std::string::npos) << view(id).detail;
    check("e2e", "success");
    heed_later();
    EXPECT_FALSE(is_live(id)) << "what was refused is promoted by somebody";
}

TEST_F(HostChecksTest, a_commit_without_any_goes_on_after_a_minute) {
    git_host.commit_statuses = {};
    const std::string id = build();
    heed();
    EXPECT_FALSE(is_live(id));
    now += host_checks_begin_ms;
    heed();
    EXPECT_TRUE(is_live(id));
}

TEST_F(HostChecksTest, a_host_that_is_away_is_asked_again_for_an_hour) {
    git_host.away = true;
    const std::string id = build();
    heed();
    EXPECT_TRUE(view(id).waits_for_checks);
    now += host_checks_end_ms;
    heed();
    EXPECT_FALSE(view(id).waits_for_checks);
    EXPECT_FALSE(is_live(id));
    EXPECT_NE(view(id).detail.find("an hour"), std::string::npos) << view(id).detail;
}

TEST_F(HostChecksTest, a_host_that_refuses_us_ends_the_wait) {
    git_host.refuses = 404;
    const std::string id = build();
    heed();
    EXPECT_FALSE(view(id).waits_for_checks);
    EXPECT_FALSE(is_live(id));
}

TEST_F(HostChecksTest, promoting_by_hand_does_not_wait) {
    const std::string id = build();
    wait(services.deployments->set_production(project_, {id}, "ann")).value();
    EXPECT_TRUE(is_live(id));
    EXPECT_EQ(count("waiting_promotions"), 0);
}

TEST_F(HostChecksTest, an_older_one_that_passes_late_does_not_replace_a_newer) {
    const std::string older = build();
    const std::string newer = build();
    wait(services.deployments->set_production(project_, {newer}, "ann")).value();
    check("ci", "success");
    heed_later();
    EXPECT_TRUE(is_live(newer));
    EXPECT_FALSE(view(older).waits_for_checks);
}

TEST_F(HostChecksTest, without_the_setting_nothing_waits) {
    write("update projects set wait_for_checks = 0");
    EXPECT_TRUE(is_live(build()));
    EXPECT_EQ(git_host.count("GET", "/status"), 0u);
}

}  // namespace
}  // namespace berth::api

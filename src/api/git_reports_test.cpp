// What a Git host is told of deployments: statuses of commits and comments on pull requests.
#include "api/git_reports.hpp"

#include "api/project_git.hpp"
#include "api/webhook_testing.hpp"

namespace berth::api {
namespace {

constexpr const char* commit = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

class GitReportsTest : public WebhookTest {
protected:
    GitReportsTest() {
        const std::string team =
            get("/api/v1/teams", ann_).json().at("items").at(0).at("id").as_string().c_str();
        write("update projects set repo_url = 'https://github.com/team/shop.git'");
        connection_ = post("/api/v1/teams/" + team + "/git-connections",
                           R"({"provider":"github","token":"t0k"})", ann_)
                          .at("id");
        const TestReply linked =
            send(http::Verb::put, "/api/v1/projects/shop/git",
                 R"({"connection":")" + connection_ + R"(","repository":"team/shop"})", ann_);
        EXPECT_EQ(linked.status, 200u) << linked.text;
        git_host.asked.clear();
    }

    std::string deploy(const std::string& ref = "cart") {
        deployments::NewDeployment wanted{.project = project_, .ref = ref, .commit = commit};
        return wait(services.deployments->create(wanted)).value().id;
    }
    void cancel(const std::string& id) { wait(services.deployments->cancel(id, "ann")).value(); }
    void tell() { wait(tell_git_hosts(services)); }
    std::string state(std::size_t index) {
        return std::string(git_host.statuses.at(index).at("state").as_string());
    }
    void open_request(std::int64_t number, const std::string& branch) {
        wait(git_requests.keep(
            {.project = project_, .number = number, .author = "eve", .branch = branch}));
    }

    std::string connection_;
};

TEST_F(GitReportsTest, a_commits_status_follows_its_deployment) {
    const std::string id = deploy();
    tell();
    ASSERT_EQ(git_host.statuses.size(), 1u);
    EXPECT_EQ(state(0), "pending");
    EXPECT_EQ(git_host.statuses[0].at("context").as_string(), "berth/shop");
    EXPECT_EQ(git_host.statuses[0].at("target_url").as_string(),
              services.config.platform_url + "/p/shop/d/" + id);
    EXPECT_EQ(git_host.count("POST", std::string("/statuses/") + commit), 1u);
    tell();
    EXPECT_EQ(git_host.statuses.size(), 1u) << "told once";
    cancel(id);
    tell();
    ASSERT_EQ(git_host.statuses.size(), 2u);
    EXPECT_EQ(state(1), "error");
}

TEST_F(GitReportsTest, a_host_that_is_away_is_told_later_and_holds_up_nothing) {
    git_host.away = true;
    const std::string id = deploy();
    tell();
    EXPECT_EQ(count("deployments where state = 'queued'"), 1);
    EXPECT_EQ(count("git_reports where due = 1 and attempts = 1 and trouble <> ''"), 1);
    const json::value shown = get("/api/v1/projects/shop/git", ann_).json();
    EXPECT_FALSE(shown.at("trouble").is_null()) << "people see it";
    git_host.away = false;
    tell();
    EXPECT_TRUE(git_host.statuses.empty()) << "not at once";
    now += 2'000;
    tell();
    EXPECT_EQ(git_host.statuses.size(), 1u);
    EXPECT_TRUE(get("/api/v1/projects/shop/git", ann_).json().at("trouble").is_null());
}

TEST_F(GitReportsTest, a_host_that_is_away_is_asked_once_a_round) {
    write("update projects set supersede = 0");
    deploy("a");
    deploy("b");
    deploy("c");
    git_host.away = true;
    tell();
    EXPECT_EQ(count("git_reports where attempts = 1"), 1);
    EXPECT_EQ(count("git_reports where attempts = 0 and due = 1"), 2);
}

TEST_F(GitReportsTest, a_refused_token_is_said_at_the_connection_and_not_tried_again) {
    git_host.token = "revoked";
    deploy();
    tell();
    EXPECT_EQ(count("git_reports where due = 1"), 0);
    EXPECT_EQ(count("git_connections where trouble <> ''"), 1);
    const std::size_t asked = git_host.asked.size();
    now += 3600'000;
    tell();
    EXPECT_EQ(git_host.asked.size(), asked);
}

TEST_F(GitReportsTest, nothing_is_told_of_projects_that_are_not_linked) {
    send(http::Verb::del, "/api/v1/projects/shop/git", "", ann_);
    deploy();
    tell();
    EXPECT_TRUE(git_host.statuses.empty());
    EXPECT_EQ(count("git_reports"), 0);
}

TEST_F(GitReportsTest, what_was_due_when_a_project_was_unlinked_is_told_no_more) {
    deploy();
    send(http::Verb::del, "/api/v1/projects/shop/git", "", ann_);
    tell();
    EXPECT_TRUE(git_host.statuses.empty());
    EXPECT_EQ(count("git_reports where due = 1"), 0);
}

TEST_F(GitReportsTest, waits_for_the_commit_of_a_branch_that_is_yet_to_be_cloned) {
    const deployments::NewDeployment wanted{.project = project_, .ref = "main"};
    const std::string id = wait(services.deployments->create(wanted)).value().id;
    tell();
    EXPECT_TRUE(git_host.statuses.empty());
    write(std::string("update deployments set \"commit\" = '") + commit + "'");
    cancel(id);
    tell();
    EXPECT_EQ(git_host.statuses.size(), 1u);
}

TEST_F(GitReportsTest, one_comment_is_kept_up_to_date) {
    open_request(7, "cart");
    const std::string id = deploy();
    tell();
    ASSERT_EQ(git_host.comments.size(), 1u);
    const std::string first = git_host.comments.begin()->second;
    EXPECT_TRUE(first.starts_with(comment_mark(project_))) << first;
    EXPECT_NE(first.find("Building"), std::string::npos);
    EXPECT_EQ(git_host.count("POST", "/issues/7/comments"), 1u);
    cancel(id);
    tell();
    ASSERT_EQ(git_host.comments.size(), 1u);
    EXPECT_NE(git_host.comments.begin()->second.find("Canceled"), std::string::npos);
}

TEST_F(GitReportsTest, finds_its_comment_again_whose_row_was_lost) {
    open_request(7, "cart");
    const std::string id = deploy();
    tell();
    // Killed between the comment and its row.
    write("update git_requests set comment_id = '', comment_hash = ''");
    cancel(id);
    tell();
    EXPECT_EQ(git_host.comments.size(), 1u);
}

TEST_F(GitReportsTest, writes_its_comment_again_that_somebody_deleted) {
    open_request(7, "cart");
    const std::string id = deploy();
    tell();
    git_host.comments.clear();
    cancel(id);
    tell();
    EXPECT_EQ(git_host.comments.size(), 1u);
}

TEST_F(GitReportsTest, an_older_deployment_does_not_speak_for_the_request) {
    write("update projects set supersede = 0");
    open_request(7, "cart");
    const std::string older = deploy();
    tell();
    const std::string newer = deploy();
    tell();
    cancel(older);
    tell();
    EXPECT_NE(git_host.comments.begin()->second.find(newer), std::string::npos);
    EXPECT_EQ(git_host.comments.begin()->second.find("Canceled"), std::string::npos);
}

TEST_F(GitReportsTest, a_comment_says_what_failed_and_nothing_in_other_peoples_words_acts) {
    deployments::DeploymentView view{.id = "dpl_1",
                                     .project = "prj_1",
                                     .project_name = "shop",
                                     .state = jobs::State::failed,
                                     .reason = jobs::Reason::build_failed,
                                     .first_error = "<img src=x> @everyone [x](javascript:1) `a`",
                                     .commit = commit};
    const projects::GitRequest request{.number = 7, .fork = true};
    const std::string text = comment_of(view, request, "https://berth.example");
    EXPECT_NE(text.find("build\\_failed"), std::string::npos) << text;
    EXPECT_NE(text.find("without secrets"), std::string::npos);
    for (const char* active : {"<img", "@everyone", "](javascript", "`a`"})
        EXPECT_EQ(text.find(active), std::string::npos) << active;
    EXPECT_EQ(status_of(view, "https://berth.example").state, githosts::StatusState::failure);
}

TEST_F(GitReportsTest, a_status_leads_to_the_site_once_it_is_there) {
    deployments::DeploymentView view{.id = "dpl_1",
                                     .project_name = "shop",
                                     .state = jobs::State::ready,
                                     .url = "https://shop-x.example",
                                     .created_at_ms = 1'000,
                                     .finished_at_ms = 13'000};
    const githosts::CommitStatus status = status_of(view, "https://berth.example");
    EXPECT_EQ(status.target_url, "https://shop-x.example");
    EXPECT_EQ(status.description, "Ready in 12 s");
    view.state = jobs::State::building;
    EXPECT_EQ(status_of(view, "https://berth.example").target_url,
              "https://berth.example/p/shop/d/dpl_1");
}

}  // namespace
}  // namespace berth::api

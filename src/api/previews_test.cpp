// Previews of pull requests: by events, by reconciling, and by somebody's word.
#include "api/previews.hpp"

#include "api/project_git.hpp"
#include "api/webhook_testing.hpp"

namespace berth::api {
namespace {

const std::string first(40, 'a');
const std::string second(40, 'b');

class PreviewsTest : public WebhookTest {
protected:
    PreviewsTest() {
        const json::value teams = get("/api/v1/teams", ann_).json();
        const std::string team(teams.at("items").at(0).at("id").as_string());
        write("update projects set repo_url = 'https://github.com/team/shop.git', supersede = 0");
        const std::string connection = post("/api/v1/teams/" + team + "/git-connections",
                                            R"({"provider":"github","token":"t0k"})", ann_)
                                           .at("id");
        send(http::Verb::put, "/api/v1/projects/shop/git",
             R"({"connection":")" + connection + R"(","repository":"team/shop"})", ann_);
    }

    static json::value pull(int number, const std::string& from, const std::string& commit,
                            const std::string& state = "open", int author = 66) {
        return json::bj::object{
            {"number", number},
            {"state", state},
            {"title", "Cart"},
            {"user", json::bj::object{{"login", "eve"}, {"id", author}}},
            {"head", json::bj::object{{"ref", "cart"},
                                      {"sha", commit},
                                      {"repo", json::bj::object{{"full_name", from}}}}},
            {"base", json::bj::object{{"ref", "main"},
                                      {"repo", json::bj::object{{"full_name", "team/shop"}}}}}};
    }
    /// As GitHub delivers it.
    std::string tell(const json::value& request, const std::string& id,
                     const std::string& repository = "team/shop") {
        const json::bj::object repo{{"full_name", repository},
                                    {"clone_url", "https://github.com/" + repository + ".git"}};
        const json::bj::object payload{{"pull_request", request}, {"repository", repo}};
        Sent sent;
        sent.body = json::bj::serialize(payload);
        sent.headers.set("content-type", "application/json");
        sent.headers.set("x-github-event", "pull_request");
        sent.headers.set("x-github-delivery", id);
        sent.headers.set("x-hub-signature-256",
                         "sha256=" + hex(hmac_sha256(githosts::testing::secret, sent.body)));
        const TestReply reply = deliver(sent);
        EXPECT_EQ(reply.status, 202u) << reply.text;
        return std::string(reply.json().at("items").at(0).at("reason").as_string());
    }
    TestReply approve(int number) {
        return post("/api/v1/projects/shop/git/requests/" + std::to_string(number) + "/approve", "",
                    ann_);
    }
    json::value requests() {
        return get("/api/v1/projects/shop/git/requests", ann_).json().at("items");
    }
    Task<Result<deployments::JobInputs>> inputs(std::string project) {
        Result<projects::JobInputs> found =
            co_await projects.job_inputs(project, projects::VariableEnvironment::preview, "topic");
        if (!found) co_return found.error();
        co_return deployments::JobInputs{std::move(found->source), std::move(found->settings),
                                         std::move(found->variables), found->secret_in_output};
    }
    void reconcile() {
        write("update git_links set reconciled_at_ms = null");  // as when it is time again
        wait(reconcile_links(services));
    }
    void head(const std::string& branch, const std::string& commit) {
        git_host.branches.push_back(
            json::bj::object{{"name", branch}, {"commit", json::bj::object{{"sha", commit}}}});
    }
};

TEST_F(PreviewsTest, a_stranger_s_request_waits_for_somebody_s_word) {
    EXPECT_EQ(tell(pull(7, "eve/shop", first), "d-1"),
              "pull request 7 comes from a fork: see the pull requests");
    EXPECT_EQ(deployments(), 0);
    const json::value listed = requests().at(0);
    EXPECT_EQ(listed.at("approval").as_string(), "waiting");
    EXPECT_EQ(listed.at("url").as_string(), "");

    const TestReply made = approve(7);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.at("commit"), first);
    EXPECT_EQ(made.at("environment"), "preview");
    EXPECT_EQ(count("deployments where fork = 1 and use_caches = 0 and ref = 'pull:7'"), 1);
    EXPECT_EQ(approve(7).code(), "nothing_to_approve");
    EXPECT_EQ(requests().at(0).at("approval").as_string(), "approved");

    // What the author sends from now on is built, once for each commit.
    tell(pull(7, "eve/shop", second), "d-2");
    tell(pull(7, "eve/shop", second), "d-3");
    EXPECT_EQ(deployments(), 2);
    tell(pull(8, "eve/shop", first), "d-4");
    EXPECT_EQ(deployments(), 3);
    tell(pull(9, "mallory/shop", first, "open", 67), "d-5");
    EXPECT_EQ(deployments(), 3) << "somebody else";
}

TEST_F(PreviewsTest, nobody_approves_what_is_not_there) {
    EXPECT_EQ(approve(9).status, 404u);
    EXPECT_EQ(post("/api/v1/projects/shop/git/requests/x/approve", "", ann_).status, 404u);
    tell(pull(7, "team/shop", first), "d-1");
    EXPECT_EQ(approve(7).code(), "nothing_to_approve") << "it is the repository's own";
    tell(pull(8, "eve/shop", first, "closed"), "d-2");
    EXPECT_EQ(approve(8).code(), "nothing_to_approve") << "it is closed";
}

TEST_F(PreviewsTest, a_stranger_s_job_has_no_secret_and_no_cache) {
    write("insert into workers (id, name, seen_at_ms, created_at_ms) values ('w', 'w', 1, 1)");
    const TestReply set = send(http::Verb::put, "/api/v1/projects/shop/env",
                               R"({"items":[{"key":"API_KEY","value":"s3cret","sensitive":true},)"
                               R"({"key":"COLOUR","value":"red","sensitive":false}]})",
                               ann_, [] {
                                   http::Headers match;
                                   match.set("if-match", "*");
                                   return match;
                               }());
    ASSERT_EQ(set.status, 200u) << set.text;
    services.job_inputs = [this](const deployments::Deployment& deployment) {
        return inputs(deployment.project);
    };
    tell(pull(7, "eve/shop", first), "d-1");
    ASSERT_EQ(approve(7).status, 201u);
    const TestReply claimed =
        post("/api/v1/worker/claim", R"({"worker":"wrk_1","name":"w","kinds":["build"]})",
             {.bearer = accounts->secrets().worker_token}, [] {
                 http::Headers fields;
                 fields.set(std::string(jobs::version_header), "3");
                 fields.set(std::string(jobs::capacity_header), "2 99999999999");
                 return fields;
             }());
    ASSERT_EQ(claimed.status, 200u) << claimed.text;
    const json::value job = claimed.json().at("job");
    EXPECT_EQ(claimed.text.find("s3cret"), std::string::npos);
    EXPECT_NE(claimed.text.find("red"), std::string::npos) << "what is no secret is there";
    EXPECT_FALSE(job.at("use_caches").as_bool());
    EXPECT_EQ(job.at("environment").as_string(), "fork");
    EXPECT_EQ(job.at("source").at("ref").as_string(), "pull/7");
    EXPECT_EQ(job.at("source").at("commit").as_string(), first);
}

TEST_F(PreviewsTest, a_closed_request_is_taken_down) {
    tell(pull(7, "eve/shop", first), "d-1");
    const std::string id = approve(7).at("id");
    tell(pull(7, "eve/shop", first, "closed"), "d-2");
    EXPECT_EQ(count("deployments where state = 'canceled'"), 1);
    EXPECT_TRUE(requests().as_array().empty());
}

TEST_F(PreviewsTest, a_branch_that_is_gone_is_taken_down) {
    wait(deployments_.create({.project = project_, .ref = "cart", .commit = first})).value();
    Told told{.ref = "refs/heads/cart", .after = githosts::testing::zeros};
    told.repository = "team/shop";
    write("update projects set repo_url = 'https://git.example/team/shop.git'");
    deliver(Provider::github, told, "d-1");
    EXPECT_EQ(count("deployments where state = 'canceled'"), 1);
}

TEST_F(PreviewsTest, another_repository_s_request_is_none_of_ours) {
    tell(pull(7, "team/shop", first), "d-1", "team/other");
    EXPECT_TRUE(requests().as_array().empty());
}

TEST_F(PreviewsTest, a_replayed_delivery_changes_nothing) {
    const json::value opened = pull(7, "eve/shop", first);
    tell(opened, "d-1");
    tell(pull(7, "eve/shop", first, "closed"), "d-2");
    tell(opened, "d-3");  // the same body under another id
    EXPECT_TRUE(requests().as_array().empty());
}

TEST_F(PreviewsTest, pushes_that_did_not_come_are_deployed_as_missed) {
    head("main", first);
    reconcile();
    EXPECT_EQ(deployments(), 0) << "what was there before we asked was not missed";
    git_host.branches.clear();
    head("main", second);
    head("new", first);
    reconcile();
    EXPECT_EQ(count("deployments where actor = 'missed push' and ref = 'main'"), 1);
    EXPECT_EQ(count("deployments where actor = 'missed push' and ref = 'new'"), 1);
    reconcile();
    EXPECT_EQ(deployments(), 2) << "once";
    git_host.branches.clear();
    head("main", second);
    reconcile();
    EXPECT_EQ(count("deployments where ref = 'new' and state = 'canceled'"), 1) << "it is gone";
}

TEST_F(PreviewsTest, what_came_is_not_missed_whatever_became_of_it) {
    head("main", first);
    reconcile();
    write("update projects set repo_url = 'https://git.example/team/shop.git'");
    Told told{.after = second, .message = "docs [skip ci]"};
    deliver(Provider::github, told, "d-1");
    git_host.branches.clear();
    head("main", second);
    reconcile();
    EXPECT_EQ(deployments(), 0);
}

TEST_F(PreviewsTest, requests_that_did_not_come_are_known_and_those_that_ended_are_taken_down) {
    git_host.pulls.push_back(pull(7, "eve/shop", first));
    reconcile();
    ASSERT_EQ(requests().as_array().size(), 1u);
    approve(7);
    git_host.pulls.clear();
    reconcile();
    EXPECT_TRUE(requests().as_array().empty());
    EXPECT_EQ(count("deployments where state = 'canceled'"), 1);
}

TEST_F(PreviewsTest, a_host_that_is_away_ends_no_preview) {
    head("main", first);
    git_host.pulls.push_back(pull(7, "team/shop", first));
    reconcile();
    git_host.away = true;
    reconcile();
    EXPECT_EQ(requests().as_array().size(), 1u);
    git_host.away = false;
    git_host.refuses = 500;
    reconcile();
    EXPECT_EQ(requests().as_array().size(), 1u);
}

}  // namespace
}  // namespace berth::api

// Projects, variables, hooks and inspection, as a client sees them.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "db/records.hpp"
#include "deployments/deployment.hpp"

namespace berth::api {
namespace {

using http::Verb;

Task<> nothing() {
    co_return;
}

class ProjectRoutesTest : public testing::Test, protected TestApi {
protected:
    TestReply send_if_match(Verb verb, const std::string& target, const std::string& body,
                            const std::string& etag) {
        http::Headers headers;
        headers.set("if-match", etag);
        return send(verb, target, body, ann_, headers);
    }

    Sender ann_ = owner();
};

TEST_F(ProjectRoutesTest, makes_a_project_and_finds_it_by_id_and_name) {
    const TestReply made = post("/api/v1/projects", R"({
        "name": "shop", "repo_url": "https://git.example/shop.git", "branch": "main",
        "root": "web", "framework": "vite", "build_command": "npm run build", "output_dir": "dist",
        "node": "22", "credential": {"kind": "token", "username": "me", "secret": "s3cret"},
        "variables": [{"key": "A", "value": "1", "environment": "production", "sensitive": true}]
    })",
                                ann_);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.headers.get("location"), "/api/v1/projects/" + made.at("id"));
    EXPECT_EQ(made.headers.get("etag"), "\"1\"");
    EXPECT_EQ(made.at("url"), "http://shop.localhost:8080");
    EXPECT_EQ(made.json().at("credential").at("kind"), "token");
    EXPECT_EQ(made.text.find("s3cret"), std::string::npos);
    EXPECT_EQ(made.json().at("production"), nullptr);
    EXPECT_EQ(made.json().at("latest"), nullptr);
    EXPECT_EQ(get("/api/v1/projects/shop", ann_).at("id"), made.at("id"));
    EXPECT_EQ(get("/api/v1/projects/" + made.at("id"), ann_).at("name"), "shop");
    EXPECT_EQ(get("/api/v1/projects", ann_).json().at("items").at(0).at("name"), "shop");
}

TEST_F(ProjectRoutesTest, names_the_field_at_fault_and_makes_nothing) {
    const auto refused = [&](const std::string& body) {
        const TestReply reply = post("/api/v1/projects", body, ann_);
        EXPECT_EQ(reply.status, 422u) << body;
        return reply.code() + " " + reply.pointer();
    };
    EXPECT_EQ(refused(R"({"repo_url":"https://git.example/a.git"})"), "invalid_name /name");
    EXPECT_EQ(refused(R"({"name":"www","repo_url":"https://git.example/a.git"})"),
              "reserved_name /name");
    EXPECT_EQ(refused(R"({"name":"shop","repo_url":"https://a:b@git.example/a.git"})"),
              "invalid_repo_url /repo_url");
    EXPECT_EQ(refused(R"({"name":"shop","repo_url":"file:///etc"})"), "invalid_repo_url /repo_url");
    EXPECT_EQ(refused(R"({"name":"shop","repo_url":"https://git.example/a.git","colour":1})"),
              "unknown_field /colour");
    EXPECT_EQ(refused(R"({"name":"shop","repo_url":"https://git.example/a.git",
                          "variables":[{"key":"A","value":"1","colour":2}]})"),
              "unknown_field /variables/0/colour");
    EXPECT_EQ(refused(R"({"name":"shop","repo_url":"https://git.example/a.git",
                          "credential":{"kind":"password"}})"),
              "wrong_type /credential/kind");
    EXPECT_TRUE(get("/api/v1/projects", ann_).json().at("items").as_array().empty());
    add_project(ann_, "shop");
    const TestReply taken =
        post("/api/v1/projects", R"({"name":"shop","repo_url":"https://git.example/a.git"})", ann_);
    EXPECT_EQ(taken.status, 409u);
    EXPECT_EQ(taken.code(), "name_taken");
}

TEST_F(ProjectRoutesTest, changes_only_what_is_sent_and_only_what_was_read) {
    add_project(ann_, "shop");
    const std::string place = "/api/v1/projects/shop";
    EXPECT_EQ(send(Verb::patch, place, R"({"root":"web"})", ann_).status, 428u);
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"root":"web"})", "\"9\"").status, 412u);
    const TestReply changed = send_if_match(
        Verb::patch, place, R"({"root":"web","build_command":"make","node":"22"})", "\"1\"");
    ASSERT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(changed.headers.get("etag"), "\"2\"");
    EXPECT_EQ(changed.at("root"), "web");
    const TestReply cleared =
        send_if_match(Verb::patch, place, R"({"build_command":null})", "\"2\"");
    EXPECT_EQ(cleared.json().at("build_command"), nullptr);
    EXPECT_EQ(cleared.at("node"), "22");
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"root":null})", "*").pointer(), "/root");
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"id":"x"})", "*").code(), "unknown_field");
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"name":"store"})", "*").code(), "name_fixed");
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"keep_sources":101})", "*").pointer(),
              "/keep_sources");
    EXPECT_EQ(send_if_match(Verb::patch, place, "[]", "*").status, 422u);
}

TEST_F(ProjectRoutesTest, which_pushes_deploy_is_set_and_checked) {
    add_project(ann_, "shop");
    const std::string place = "/api/v1/projects/shop";
    const TestReply set = send_if_match(Verb::patch, place,
                                        R"({"preview_branches":["feature/**","!wip"],
            "preview_days":14,"watch_paths":["apps/shop"],"wait_for_checks":true})",
                                        "*");
    ASSERT_EQ(set.status, 200u) << set.text;
    const boost::json::value shown = get(place, ann_).json();
    EXPECT_EQ(shown.at("preview_branches").at(1).as_string(), "!wip");
    EXPECT_EQ(shown.at("preview_days").as_int64(), 14);
    EXPECT_EQ(shown.at("watch_paths").at(0).as_string(), "apps/shop");
    EXPECT_TRUE(shown.at("wait_for_checks").as_bool());
    const auto refused = [&](const std::string& body) {
        const TestReply reply = send_if_match(Verb::patch, place, body, "*");
        return reply.code() + " " + reply.pointer();
    };
    EXPECT_EQ(refused(R"({"preview_branches":["a{b"]})"), "invalid_glob /preview_branches");
    EXPECT_EQ(refused(R"({"watch_paths":[""]})"), "invalid_glob /watch_paths");
    EXPECT_EQ(refused(R"({"preview_days":366})"), "out_of_range /preview_days");
    EXPECT_EQ(refused(R"({"preview_days":-1})"), "out_of_range /preview_days");
}

TEST_F(ProjectRoutesTest, only_an_owner_lets_secrets_into_the_output) {
    add_project(ann_, "shop");
    const std::string place = "/api/v1/projects/shop";
    EXPECT_EQ(get(place, ann_).at("secret_in_output"), "fail");
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"secret_in_output":"ignore"})", "*").pointer(),
              "/secret_in_output");
    const auto audited = [&] {
        const auto query = [](soci::session& sql) {
            return db::value<std::string>(sql,
                                          "select actor || ' ' || detail from audit where action = "
                                          "'secret_in_output_changed' order by id desc limit 1")
                .value_or("");
        };
        return wait(database.read(query));
    };
    EXPECT_EQ(audited(), "");
    const TestReply changed =
        send_if_match(Verb::patch, place, R"({"secret_in_output":"warn"})", "*");
    ASSERT_EQ(changed.status, 200u) << changed.text;
    EXPECT_EQ(changed.at("secret_in_output"), "warn");
    EXPECT_TRUE(audited().ends_with(" warn")) << audited();
    const std::string id = changed.at("id");
    const auto inputs =
        wait(services.projects.job_inputs(id, projects::VariableEnvironment::preview, ""));
    EXPECT_EQ(inputs.value().secret_in_output, jobs::SecretInOutput::warn);

    const auto become_member = [](soci::session& sql) {
        db::execute(sql, "update members set role = 'admin'");
        db::execute(sql, "update users set role = 'member'");
    };
    wait(database.write(become_member));
    EXPECT_EQ(send_if_match(Verb::patch, place, R"({"root":"web"})", "*").status, 200u)
        << "a member changes the rest, with what an owner has set left as it is";
    const TestReply refused =
        send_if_match(Verb::patch, place, R"({"secret_in_output":"fail"})", "*");
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(refused.code(), "owner_needed");
}

TEST_F(ProjectRoutesTest, replaces_variables_under_their_own_etag) {
    add_project(ann_, "shop");
    const std::string place = "/api/v1/projects/shop/env";
    http::Headers any;
    any.set("if-match", "*");
    EXPECT_EQ(send(Verb::put, place, "{}", ann_, any).pointer(), "/items");
    EXPECT_EQ(send(Verb::put, place, "", ann_, any).code(), "missing_field");
    const TestReply empty = get(place, ann_);
    EXPECT_EQ(empty.headers.get("etag"), "\"1\"");
    const std::string two = R"({"items":[{"key":"PLAIN","value":"p","sensitive":false},
                                         {"key":"SECRET","value":"s3cret"}]})";
    EXPECT_EQ(send(Verb::put, place, two, ann_).code(), "precondition_required");
    EXPECT_EQ(send_if_match(Verb::put, place, two, "\"1\"").status, 200u);
    const TestReply late = send_if_match(Verb::put, place, two, "\"1\"");
    EXPECT_EQ(late.code(), "precondition_failed");
    EXPECT_TRUE(late.at("detail").starts_with("ann@example.com changed it in the meantime, at "))
        << late.text;
    EXPECT_EQ(get(place + "/changes", ann_).text,
              R"({"deployment":null,"known":false,"items":[]})");
    const TestReply read = get(place, ann_);
    EXPECT_EQ(read.text.find("s3cret"), std::string::npos);
    EXPECT_EQ(read.json().at("items").at(0).at("value"), "p");
    // What was read can be sent back as it is.
    boost::json::object sent;
    sent["items"] = read.json().at("items");
    EXPECT_EQ(send_if_match(Verb::put, place, boost::json::serialize(sent), "\"2\"").status, 200u);
    EXPECT_EQ(send_if_match(Verb::put, place, R"({"items":[{"key":"NEW"}]})", "*").pointer(),
              "/items/0/value");
    EXPECT_EQ(
        send_if_match(Verb::put, place, R"({"items":[{"key":"1","value":""}]})", "*").pointer(),
        "/items/0/key");
}

TEST_F(ProjectRoutesTest, deletes_a_project_and_takes_its_sites_down) {
    const std::string id = add_project(ann_, "shop");
    std::string taken_down;
    services.project_deleted = [&](std::string project) {
        taken_down = project;
        return nothing();
    };
    const Sender bound = token(ann_, "admin", "shop");
    EXPECT_EQ(send(Verb::del, "/api/v1/projects/shop", "", ann_).status, 204u);
    EXPECT_EQ(taken_down, id);
    EXPECT_EQ(get("/api/v1/projects/shop", ann_).status, 404u);
    EXPECT_EQ(get("/api/v1/projects/shop", bound).status, 404u);
    EXPECT_EQ(send(Verb::del, "/api/v1/projects/shop", "", ann_).status, 404u);
}

TEST_F(ProjectRoutesTest, gives_a_deleted_project_back_or_deletes_it_for_good) {
    const std::string id = add_project(ann_, "shop");
    std::string purged;
    services.project_purged = [&](std::string project) {
        purged = project;
        return nothing();
    };
    const std::string team(
        get("/api/v1/teams", ann_).json().at("items").at(0).at("id").as_string());
    const std::string place = "/api/v1/teams/" + team + "/deleted-projects";
    send(Verb::del, "/api/v1/projects/shop", "", ann_);
    EXPECT_EQ(get(place, ann_).json().at("items").at(0).at("name"), "shop");
    const TestReply back = post(place + "/" + id + "/restore", "", ann_);
    ASSERT_EQ(back.status, 200u) << back.text;
    EXPECT_EQ(back.at("name"), "shop");
    EXPECT_EQ(get("/api/v1/projects/shop", ann_).status, 200u);
    EXPECT_EQ(post(place + "/" + id + "/restore", "", ann_).status, 404u);

    add_project(ann_, "other");
    const Sender alone = token(ann_, "read", "shop");
    const TestReply both =
        post("/api/v1/tokens", R"({"name":"t","scope":"read","projects":["shop","other"]})", ann_);
    send(Verb::del, "/api/v1/projects/shop", "", ann_);
    EXPECT_EQ(send(Verb::del, place + "/" + id, "", ann_).status, 204u);
    EXPECT_EQ(purged, id);
    EXPECT_EQ(get("/api/v1/projects/other", alone).status, 401u) << "revoked with its project";
    EXPECT_EQ(get("/api/v1/projects/other", {.bearer = both.at("token")}).status, 200u);
    EXPECT_EQ(post(place + "/" + id + "/restore", "", ann_).status, 404u);
    EXPECT_FALSE(add_project(ann_, "shop").empty()) << "the name is free for its team";
}

TEST_F(ProjectRoutesTest, gives_a_project_to_another_team_of_the_person) {
    add_project(ann_, "shop");
    post("/api/v1/teams", R"({"slug":"crew"})", ann_);
    const std::string place = "/api/v1/projects/shop/transfer";
    EXPECT_EQ(post(place, R"({"team":"nobody"})", ann_).code(), "team_not_found");
    EXPECT_EQ(post(place, "{}", ann_).code(), "missing_field");
    ASSERT_EQ(post(place, R"({"team":"crew"})", ann_).status, 200u);
    const auto demote = [](soci::session& sql) {
        db::execute(sql,
                    "update members set role = 'developer' where team not in (select id from teams "
                    "where slug = 'crew')");
    };
    wait(database.write(demote));
    const auto teams = get("/api/v1/teams", ann_).json().at("items").as_array();
    for (const auto& team : teams) {
        if (team.at("slug") == "crew") continue;
        const std::string body =
            boost::json::serialize(boost::json::object{{"team", team.at("slug")}});
        EXPECT_EQ(post(place, body, ann_).code(), "role_needed");
    }
}

TEST_F(ProjectRoutesTest, shows_the_newest_deployment_of_each) {
    const std::string id = add_project(ann_, "shop");
    services.latest_deployments = [&](std::vector<std::string> ids) {
        std::map<std::string, json::value> latest;
        latest[ids.at(0)] = json::from(deployments::DeploymentView{.id = "dpl_a"});
        return answered(latest);
    };
    EXPECT_EQ(get("/api/v1/projects/" + id, ann_).json().at("latest").at("id"), "dpl_a");
}

TEST_F(ProjectRoutesTest, deploys_by_the_secret_of_a_hook) {
    const std::string id = add_project(ann_, "shop");
    EXPECT_EQ(get("/api/v1/projects/shop/hook", ann_).json().at("url"), nullptr);
    const TestReply made = post("/api/v1/projects/shop/hook", "", ann_);
    EXPECT_EQ(made.status, 201u);
    const std::string url = made.at("url");
    EXPECT_EQ(get("/api/v1/projects/shop/hook", ann_).at("url"), url);
    const std::string prefix = "http://localhost:8080";
    ASSERT_TRUE(url.starts_with(prefix + "/api/v1/hooks/deploy/whk_"));
    const std::string target = url.substr(prefix.size());
    DeployWish seen;
    services.create_deployment = [&](DeployWish wish) {
        seen = wish;
        return answered(Result<std::string>("dpl_a"));
    };
    // Called by anything: also with a browser's foreign Origin, it needs the secret alone.
    const TestReply deployed = post(target, "", {.origin = "https://cms.example"});
    EXPECT_EQ(deployed.status, 202u);
    EXPECT_EQ(deployed.at("deployment"), "dpl_a");
    EXPECT_EQ(seen.project, id);
    EXPECT_FALSE(seen.reuse) << "a hook builds: what it tells of is not in the repository";
    EXPECT_EQ(post(target + "?reuse=true", "").status, 202u);
    EXPECT_TRUE(seen.reuse);
    EXPECT_EQ(post(target + "?reuse=maybe", "").code(), "bad_parameter");
    post("/api/v1/projects/shop/hook", "", ann_);
    EXPECT_EQ(post(target, "").status, 404u);
    EXPECT_EQ(post("/api/v1/hooks/deploy/whk_guess", "").status, 404u);
}

TEST_F(ProjectRoutesTest, limits_hooks) {
    add_project(ann_, "shop");
    const std::string url = post("/api/v1/projects/shop/hook", "", ann_).at("url");
    services.create_deployment = [](DeployWish) { return answered(Result<std::string>("dpl_a")); };
    TestReply last;
    for (int i = 0; i < 31; ++i)
        last = post(url.substr(std::string("http://localhost:8080").size()), "");
    EXPECT_EQ(last.status, 429u);
}

TEST_F(ProjectRoutesTest, looks_at_a_repository_with_the_credential_that_was_given) {
    jobs::Source seen;
    services.inspect = [&](jobs::Source source) {
        seen = source;
        const jobs::Inspection found{.branches = {"main"}, .default_branch = "main"};
        return answered(Result<jobs::Inspection>(found));
    };
    const TestReply reply = post("/api/v1/inspect", R"({
        "repo_url": "https://git.example/a.git", "branch": "main", "root": "./web",
        "credential": {"kind": "token", "secret": "s3cret"}})",
                                 ann_);
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.json().at("branches").at(0), "main");
    EXPECT_EQ(seen.root, "web");
    EXPECT_EQ(seen.credential.secret, "s3cret");
    const TestReply key = post("/api/v1/deploy-keys", "", ann_);
    EXPECT_EQ(key.status, 201u);
    EXPECT_TRUE(key.at("public_key").starts_with("ssh-ed25519 "));
    post("/api/v1/inspect",
         R"({"repo_url":"git@git.example:a/b.git","credential":{"kind":"deploy_key",
             "deploy_key_id":")" +
             key.at("id") + "\"}}",
         ann_);
    EXPECT_TRUE(seen.credential.secret.starts_with("-----BEGIN OPENSSH"));
}

TEST_F(ProjectRoutesTest, asks_the_remote_for_its_branch_when_none_is_named) {
    services.inspect = [](jobs::Source) {
        return answered(Result<jobs::Inspection>(jobs::Inspection{.default_branch = "trunk"}));
    };
    add_project(ann_, "shop");
    EXPECT_EQ(get("/api/v1/projects/shop", ann_).at("branch"), "trunk");
    services.inspect = [](jobs::Source) {
        return answered(Result<jobs::Inspection>(fail(Failure::unavailable, "no worker")));
    };
    add_project(ann_, "other");
    EXPECT_EQ(get("/api/v1/projects/other", ann_).at("branch"), "main");
}

TEST_F(ProjectRoutesTest, says_why_a_repository_cannot_be_looked_at) {
    services.inspect = [](jobs::Source) {
        return answered(Result<jobs::Inspection>(
            fail_as(Failure::not_found, "clone_not_found", "/repo_url", "no such repository")));
    };
    const std::string body = R"({"repo_url":"https://git.example/a.git"})";
    EXPECT_EQ(post("/api/v1/inspect", body, ann_).code(), "clone_not_found");
    EXPECT_EQ(post("/api/v1/inspect", R"({"repo_url":"ext::sh"})", ann_).pointer(), "/repo_url");
    EXPECT_EQ(post("/api/v1/inspect", R"({"repo_url":"https://git.example/a","root":"../"})", ann_)
                  .pointer(),
              "/root");
    services.inspect = nullptr;
    EXPECT_EQ(post("/api/v1/inspect", body, ann_).status, 503u);
}

TEST_F(ProjectRoutesTest, pages_through_projects) {
    for (const char* name : {"one", "two", "three"})
        add_project(ann_, name);
    const TestReply first = get("/api/v1/projects?limit=2", ann_);
    EXPECT_EQ(first.json().at("items").at(0).at("name"), "three");
    const TestReply last = get("/api/v1/projects?limit=2&cursor=" + first.at("next"), ann_);
    EXPECT_EQ(last.json().at("items").at(0).at("name"), "one");
    EXPECT_EQ(last.json().at("next"), nullptr);
}

}  // namespace
}  // namespace berth::api

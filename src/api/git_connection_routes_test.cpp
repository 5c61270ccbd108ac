// Connections to Git hosts and linked projects, as a client sees them.
#include <gtest/gtest.h>

#include "api/project_git.hpp"
#include "api/testing.hpp"
#include "db/records.hpp"
#include "projects/git_rows.hpp"

namespace berth::api {
namespace {

class GitConnectionRoutesTest : public testing::Test, protected TestApi {
protected:
    GitConnectionRoutesTest() {
        const json::value teams = get("/api/v1/teams", ann_).json();
        team_ = "/api/v1/teams/" + std::string(teams.at("items").at(0).at("id").as_string());
    }

    TestReply connect(const std::string& token = "t0k") {
        return post(team_ + "/git-connections",
                    R"({"provider":"github","token":")" + token + R"("})", ann_);
    }
    TestReply import(const std::string& connection, const std::string& name = "shop") {
        return post("/api/v1/projects",
                    R"({"name":")" + name + R"(","git":{"connection":")" + connection +
                        R"(","repository":"team/shop"}})",
                    ann_);
    }
    json::value git_of(const std::string& project) {
        return get("/api/v1/projects/" + project + "/git", ann_).json();
    }
    /// As when it is time again. The time itself stands still: sessions end with it.
    void tend() {
        const auto work = [&](soci::session& sql) {
            db::execute(sql, "update git_links set hook_checked_at_ms = null");
        };
        wait(database.write(work));
        wait(tend_hooks(services));
    }
    std::int64_t count(const std::string& what) {
        const auto look = [&](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from " + what).value_or(-1);
        };
        return wait(database.read(look));
    }

    const Sender ann_ = owner();
    std::string team_;
};

TEST_F(GitConnectionRoutesTest, a_connection_is_made_listed_renewed_and_removed) {
    const TestReply made = connect();
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.at("account"), "ann");
    EXPECT_EQ(made.at("base_url"), "https://github.com");
    EXPECT_EQ(made.text.find("t0k"), std::string::npos) << "a token is never shown";
    const std::string id = made.at("id");

    const TestReply listed = get(team_ + "/git-connections", ann_);
    EXPECT_EQ(listed.json().at("items").as_array().size(), 1u);
    EXPECT_EQ(listed.text.find("t0k"), std::string::npos);

    git_host.token = "n3w";
    const std::string place = team_ + "/git-connections/" + id;
    const TestReply renewed = send(http::Verb::put, place + "/token", R"({"token":"n3w"})", ann_);
    EXPECT_EQ(renewed.status, 200u) << renewed.text;
    EXPECT_FALSE(renewed.json().at("renewed_at_ms").is_null());

    EXPECT_EQ(send(http::Verb::del, place, "", ann_).status, 204u);
    EXPECT_EQ(send(http::Verb::del, place, "", ann_).code(), "connection_not_found");
    EXPECT_EQ(count("audit where action in ('git_connected', 'git_token_renewed', "
                    "'git_disconnected')"),
              3);
}

TEST_F(GitConnectionRoutesTest, tokens_are_sealed_where_they_are_kept) {
    connect();
    EXPECT_EQ(count("git_connections where sealed_token like '%t0k%'"), 0);
    EXPECT_EQ(count("git_connections"), 1);
}

TEST_F(GitConnectionRoutesTest, a_token_is_tried_before_it_is_kept) {
    EXPECT_EQ(connect("wrong").code(), "git_token_refused");
    EXPECT_EQ(connect("wrong").status, 409u) << "not 401: the person is signed in";
    EXPECT_EQ(count("git_connections"), 0);
    git_host.away = true;
    EXPECT_EQ(connect().code(), "git_host_unreachable");
    EXPECT_EQ(count("git_connections"), 0);
}

TEST_F(GitConnectionRoutesTest, refuses_what_is_no_connection) {
    const auto code = [&](const std::string& body) {
        return post(team_ + "/git-connections", body, ann_).code();
    };
    EXPECT_EQ(code(R"({"token":"t0k"})"), "missing_field");
    EXPECT_EQ(code(R"({"provider":"bitbucket","token":"t0k"})"), "git_host_unsupported");
    EXPECT_EQ(code(R"({"provider":"gitea","token":"t0k"})"), "invalid_base_url");
    EXPECT_EQ(code(R"({"provider":"gitea","base_url":"file:///x","token":"t0k"})"),
              "invalid_base_url");
    EXPECT_EQ(code(R"({"provider":"github","token":""})"), "invalid_token");
    EXPECT_EQ(code(R"({"provider":"github","token":"a\nb: c"})"), "invalid_token");
    EXPECT_TRUE(git_host.asked.empty());
    connect();
    EXPECT_EQ(connect().code(), "connection_exists");
}

TEST_F(GitConnectionRoutesTest, another_accounts_token_renews_nothing) {
    const std::string id = connect().at("id");
    git_host.login = "eve";
    const TestReply refused = send(http::Verb::put, team_ + "/git-connections/" + id + "/token",
                                   R"({"token":"t0k"})", ann_);
    EXPECT_EQ(refused.code(), "other_account");
}

TEST_F(GitConnectionRoutesTest, repositories_are_searched) {
    const std::string id = connect().at("id");
    const std::string place = team_ + "/git-connections/" + id + "/repositories";
    const TestReply all = get(place, ann_);
    EXPECT_EQ(all.json().at("items").at(0).at("path").as_string(), "team/shop");
    EXPECT_TRUE(get(place + "?search=nothing", ann_).json().at("items").as_array().empty());
    EXPECT_EQ(get(place + "?search=" + std::string(101, 'x'), ann_).code(), "bad_parameter");
    git_host.token = "revoked";
    EXPECT_EQ(get(place, ann_).code(), "git_token_refused");
    const json::value seen = get(team_ + "/git-connections", ann_).json().at("items").at(0);
    EXPECT_FALSE(seen.at("trouble").as_string().empty()) << "people see that it stopped working";
}

TEST_F(GitConnectionRoutesTest, a_chosen_repository_becomes_a_project_with_a_webhook) {
    const std::string id = connect().at("id");
    const TestReply made = import(id);
    ASSERT_EQ(made.status, 201u) << made.text;
    EXPECT_EQ(made.at("repo_url"), "https://github.com/team/shop.git");
    EXPECT_EQ(made.at("branch"), "main");
    ASSERT_EQ(git_host.hooks.size(), 1u);
    const json::value config = git_host.hooks.begin()->second.at("config");
    EXPECT_TRUE(config.at("url").as_string().starts_with(services.config.platform_url +
                                                         "/api/v1/hooks/git/whk_"));
    EXPECT_TRUE(config.at("secret").as_string().starts_with("whsec_"));
    const json::value git = git_of("shop");
    EXPECT_EQ(git.at("repository").as_string(), "team/shop");
    EXPECT_TRUE(git.at("webhook").as_bool());
    EXPECT_TRUE(git.at("trouble").is_null());
    EXPECT_EQ(send(http::Verb::del, team_ + "/git-connections/" + id, "", ann_).code(),
              "connection_in_use");
}

TEST_F(GitConnectionRoutesTest, a_linked_project_is_cloned_with_the_connections_token) {
    const std::string project = import(connect().at("id")).at("id");
    const auto inputs =
        wait(projects.job_inputs(project, projects::VariableEnvironment::production, "main"));
    EXPECT_EQ(inputs->source.credential.kind, jobs::CredentialKind::token);
    EXPECT_EQ(inputs->source.credential.secret, "t0k");
    EXPECT_EQ(inputs->source.credential.username, "x-access-token");
}

TEST_F(GitConnectionRoutesTest, the_token_does_not_follow_a_project_to_another_address) {
    const TestReply made = import(connect().at("id"));
    const std::string project = made.at("id");
    http::Headers match;
    match.set("if-match", std::string(made.headers.get("etag")));
    const TestReply moved = send(http::Verb::patch, "/api/v1/projects/shop",
                                 R"({"repo_url":"https://evil.example/a.git"})", ann_, match);
    ASSERT_EQ(moved.status, 200u) << moved.text;
    const auto inputs =
        wait(projects.job_inputs(project, projects::VariableEnvironment::production, "main"));
    EXPECT_EQ(inputs->source.credential.kind, jobs::CredentialKind::none);
    EXPECT_EQ(inputs->source.credential.secret, "");
}

TEST_F(GitConnectionRoutesTest, a_host_cannot_send_its_token_elsewhere) {
    const std::string id = connect().at("id");
    for (const std::string elsewhere :
         {"https://evil.example/team/shop.git", "http://github.com/team/shop.git",
          "https://github.com.evil.example/a.git", "ssh://git@github.com/a/b.git",
          "--upload-pack"}) {
        git_host.clone_url = elsewhere;
        EXPECT_EQ(import(id).code(), "clone_url_elsewhere") << elsewhere;
    }
    EXPECT_EQ(count("projects"), 0);
}

TEST_F(GitConnectionRoutesTest, who_is_no_admin_of_the_team_uses_none_of_its_connections) {
    const std::string id = connect().at("id");
    const Sender bob = stranger(ann_);
    const TestReply refused = post(
        "/api/v1/projects",
        R"({"name":"loot","git":{"connection":")" + id + R"(","repository":"team/shop"}})", bob);
    EXPECT_EQ(refused.code(), "connection_not_found");
    const TestReply looked =
        post("/api/v1/inspect",
             R"({"git":{"connection":")" + id + R"(","repository":"team/shop"}})", bob);
    EXPECT_EQ(looked.code(), "connection_not_found");
    EXPECT_EQ(git_host.count("GET", "/repos/"), 0u);
}

TEST_F(GitConnectionRoutesTest, a_webhook_that_cannot_be_made_stops_no_project) {
    const std::string id = connect().at("id");
    git_host.path = "team/shop";
    // Hooks need a right that reading does not.
    const TestReply made = import(id);
    ASSERT_EQ(made.status, 201u);
    git_host.hooks.clear();
    git_host.refuses = 403;
    tend();
    EXPECT_FALSE(git_of("shop").at("trouble").is_null());
    git_host.refuses.reset();
    tend();
    EXPECT_EQ(git_host.hooks.size(), 1u) << "it was gone, and is made anew";
    EXPECT_TRUE(git_of("shop").at("trouble").is_null());
    EXPECT_TRUE(git_of("shop").at("webhook").as_bool());
}

TEST_F(GitConnectionRoutesTest, the_webhook_goes_with_its_project) {
    import(connect().at("id"));
    ASSERT_EQ(git_host.hooks.size(), 1u);
    const std::string id(get("/api/v1/projects/shop", ann_).json().at("id").as_string());
    EXPECT_EQ(send(http::Verb::del, "/api/v1/projects/shop", "", ann_).status, 204u);
    wait(tend_hooks(services));
    EXPECT_EQ(git_host.hooks.size(), 1u) << "it may be wanted back";
    EXPECT_EQ(send(http::Verb::del, team_ + "/deleted-projects/" + id, "", ann_).status, 204u);
    git_host.away = true;
    wait(tend_hooks(services));
    EXPECT_EQ(git_host.hooks.size(), 1u);
    git_host.away = false;
    wait(tend_hooks(services));
    EXPECT_EQ(git_host.hooks.size(), 1u) << "not at once again";
    now += 60'000;
    wait(tend_hooks(services));
    EXPECT_TRUE(git_host.hooks.empty());
    EXPECT_EQ(count("git_hooks_left"), 0);
    EXPECT_EQ(count("git_links"), 0);
}

TEST_F(GitConnectionRoutesTest, a_project_that_is_there_is_linked_and_unlinked) {
    const std::string id = connect().at("id");
    post("/api/v1/projects",
         R"({"name":"shop","repo_url":"https://github.com/team/shop.git","branch":"main"})", ann_);
    EXPECT_TRUE(git_of("shop").at("connection").is_null());
    const std::string choice = R"({"connection":")" + id + R"(","repository":"team/shop"})";
    EXPECT_EQ(send(http::Verb::put, "/api/v1/projects/shop/git", choice, ann_).status, 200u);
    // Again: the webhook that is there stays.
    EXPECT_EQ(send(http::Verb::put, "/api/v1/projects/shop/git", choice, ann_).status, 200u);
    EXPECT_EQ(git_host.hooks.size(), 1u);
    EXPECT_EQ(send(http::Verb::del, "/api/v1/projects/shop/git", "", ann_).status, 204u);
    EXPECT_EQ(send(http::Verb::del, "/api/v1/projects/shop/git", "", ann_).status, 404u);
    wait(tend_hooks(services));
    EXPECT_TRUE(git_host.hooks.empty());

    post("/api/v1/projects",
         R"({"name":"blog","repo_url":"https://github.com/team/blog.git","branch":"main"})", ann_);
    EXPECT_EQ(send(http::Verb::put, "/api/v1/projects/blog/git", choice, ann_).code(),
              "other_repository");
    EXPECT_EQ(send(http::Verb::put, "/api/v1/projects/shop/git",
                   R"({"connection":")" + id + R"(","repository":"../x"})", ann_)
                  .code(),
              "invalid_repository");
}

}  // namespace
}  // namespace berth::api

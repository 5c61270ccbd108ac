// Who may fetch from and push to Berth's own remote. What git itself does with it: the journeys.
#include <gtest/gtest.h>

#include "api/testing.hpp"
#include "base/crypto.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

class GitRoutesTest : public testing::Test, protected TestApi {
protected:
    TestReply ask(const std::string& target, const std::string& password,
                  http::Verb verb = http::Verb::get) {
        http::Headers headers;
        if (!password.empty()) {
            headers.set("authorization", "Basic " + base64("berth:" + password));
        }
        return send(verb, target, "", {}, headers);
    }

    /// Bob, with a role in the project.
    Sender bob(const std::string& role) {
        const Sender sender = stranger(ann_);
        const TestReply who = get("/api/v1/auth/session", sender);
        const std::string id(who.json().at("user").at("id").as_string());
        const auto work = [&](soci::session& sql) {
            db::execute(sql,
                        "insert into project_members (project, user_id, role) values (:p, :u, :r)",
                        shop_, id, role);
        };
        wait(database.write(work));
        return sender;
    }

    const std::string pushes_ = "/git/default/shop.git/info/refs?service=git-receive-pack";
    Sender ann_ = owner();
    std::string shop_ = add_project(ann_, "shop");
};

TEST_F(GitRoutesTest, a_password_is_asked_for_in_words_that_git_shows) {
    const TestReply reply = ask(pushes_, "");
    EXPECT_EQ(reply.status, 401u);
    EXPECT_TRUE(reply.headers.get("www-authenticate").starts_with("Basic "));
    EXPECT_EQ(reply.text, "sign in first\n");
    EXPECT_EQ(ask(pushes_, "tok_wrong").status, 401u);
}

TEST_F(GitRoutesTest, viewers_and_tokens_that_read_may_not_push) {
    const TestReply by_scope = ask(pushes_, token(ann_, "read").bearer);
    EXPECT_EQ(by_scope.status, 403u);
    EXPECT_TRUE(by_scope.text.contains("scope")) << by_scope.text;
    const Sender viewer = bob("viewer");
    const TestReply by_role = ask(pushes_, token(viewer, "deploy").bearer);
    EXPECT_EQ(by_role.status, 403u);
    EXPECT_TRUE(by_role.text.contains("role")) << by_role.text;
    const TestReply anyway = ask("/git/default/shop.git/git-receive-pack",
                                 token(viewer, "deploy").bearer, http::Verb::post);
    EXPECT_EQ(anyway.status, 403u);
}

TEST_F(GitRoutesTest, a_project_lies_below_its_team_alone) {
    const std::string key = token(ann_, "admin").bearer;
    const std::string query = "/info/refs?service=git-upload-pack";
    EXPECT_EQ(ask("/git/other/shop.git" + query, key).status, 404u);
    EXPECT_EQ(ask("/git/default/gone.git" + query, key).status, 404u);
    add_project(ann_, "sibling");
    const std::string bound = token(ann_, "deploy", "sibling").bearer;
    EXPECT_EQ(ask("/git/default/shop.git" + query, bound).status, 404u);
}

TEST_F(GitRoutesTest, only_the_smart_protocol_is_spoken) {
    const std::string key = token(ann_, "admin").bearer;
    EXPECT_EQ(ask("/git/default/shop.git/info/refs", key).status, 403u);
    EXPECT_EQ(ask("/git/default/shop.git/info/refs?service=git-upload-archive", key).status, 403u);
    for (const char* path : {"config", "HEAD", "objects/info/packs", "hooks/post-receive"}) {
        EXPECT_EQ(ask(std::string("/git/default/shop.git/") + path, key).status, 404u) << path;
    }
}

TEST_F(GitRoutesTest, what_is_too_large_by_its_head_is_not_read) {
    const std::string key = token(ann_, "admin").bearer;
    http::Headers headers;
    headers.set("authorization", "Basic " + base64(":" + key));
    headers.set("content-length", std::to_string(2ull << 30));
    for (const char* service : {"git-receive-pack", "git-upload-pack"}) {
        const std::string path = std::string("/git/default/shop.git/") + service;
        EXPECT_EQ(send(http::Verb::post, path, "", {}, headers).status, 413u) << service;
    }
}

}  // namespace
}  // namespace berth::api

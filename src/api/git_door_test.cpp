#include "api/git_door.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"

namespace berth::api {
namespace {

std::string path_of(const std::string& path) {
    http::Request request;
    request.path = path;
    open_git_request(request);
    return request.path;
}

std::string authorization_of(const std::string& given) {
    http::Request request;
    request.path = "/git/a/b/info/refs";
    request.headers.set("authorization", given);
    open_git_request(request);
    return std::string(request.headers.get("authorization"));
}

TEST(GitDoor, leads_a_repository_to_its_project) {
    EXPECT_EQ(path_of("/git/team/shop.git/info/refs"), "/git/team/shop/info/refs");
    EXPECT_EQ(path_of("/git/team/shop/git-upload-pack"), "/git/team/shop/git-upload-pack");
    EXPECT_EQ(path_of("/git/team.git/shop/x.git"), "/git/team.git/shop/x.git");
    EXPECT_EQ(path_of("/git/team/shop.git"), "/git/team/shop");
    EXPECT_EQ(path_of("/git/"), "/git/");
}

TEST(GitDoor, takes_the_password_for_a_token) {
    EXPECT_EQ(authorization_of("Basic " + base64("berth:tok_a+/b?~")), "Bearer tok_a+/b?~");
    EXPECT_EQ(authorization_of("basic " + base64(":tok_1")), "Bearer tok_1");
    EXPECT_EQ(authorization_of("Basic " + base64("tok_1")), "Bearer ");
    EXPECT_EQ(authorization_of("Basic !!!"), "Bearer ");
    EXPECT_EQ(authorization_of("Bearer tok_1"), "Bearer tok_1");
}

TEST(GitDoor, says_problems_in_plain_text_and_asks_for_a_password) {
    http::Response response = http::problem_response(401, "unauthenticated", "sign in first");
    close_git_answer(response);
    EXPECT_EQ(std::get<std::string>(response.body), "sign in first\n");
    EXPECT_TRUE(response.headers.get("www-authenticate").starts_with("Basic "));
    EXPECT_TRUE(response.headers.get("content-type").starts_with("text/plain"));
}

}  // namespace
}  // namespace berth::api

#include "githosts/push_rules.hpp"

#include <gtest/gtest.h>

#include "githosts/testing.hpp"

namespace berth::githosts {
namespace {

constexpr const char* repo_url = "https://git.example/team/shop";

Event event() {
    return {.kind = EventKind::push,
            .addresses = {"git@git.example:team/shop.git", "https://git.example/team/shop.git"}};
}

Push push() {
    return {.kind = RefKind::branch,
            .ref = "main",
            .before = testing::parent,
            .commit = testing::head,
            .message = "fix"};
}

std::string reason(const Push& push) {
    const Verdict verdict = judge_push(event(), push, repo_url);
    return verdict.deploys ? "deploys" : verdict.reason;
}

TEST(PushRulesTest, a_branch_with_a_commit_deploys) {
    EXPECT_EQ(reason(push()), "deploys");
    Push made = push();
    made.before = "";
    EXPECT_EQ(reason(made), "deploys") << "a new branch";
    made.ref = "feature/Cart-2";
    EXPECT_EQ(reason(made), "deploys");
}

TEST(PushRulesTest, says_why_not) {
    Push wrong = push();
    wrong.kind = RefKind::tag;
    EXPECT_EQ(reason(wrong), "a tag was pushed; only branches are deployed");
    wrong.kind = RefKind::other;
    EXPECT_EQ(reason(wrong), "not a branch");
    wrong = push();
    wrong.deleted = true;
    EXPECT_EQ(reason(wrong), "the branch was deleted");
    wrong = push();
    wrong.commit = "";
    EXPECT_EQ(reason(wrong), "the push has no commit");
    wrong.commit = wrong.before;
    EXPECT_EQ(reason(wrong), "the branch points where it did before: a test");
    wrong.commit = std::string(64, 'a');
    EXPECT_EQ(reason(wrong), "not a commit id of 40 hex digits");
    wrong = push();
    for (const char* ref : {"", "-x", "a..b", "a b", "a.lock", "@"}) {
        wrong.ref = ref;
        EXPECT_EQ(reason(wrong), "not a branch name that Berth takes") << ref;
    }
}

TEST(PushRulesTest, a_commit_can_say_that_it_is_not_to_be_deployed) {
    Push marked = push();
    for (const char* mark : {"[skip ci]", "[ci skip]", "[no ci]", "[skip deploy]", "[deploy skip]",
                             "[skip berth]", "[Skip Berth]"}) {
        marked.message = std::string("docs: a word ") + mark + "\n\nmore";
        EXPECT_EQ(reason(marked), std::string("the commit's message says ") + mark);
    }
    for (const char* message : {"skip ci", "[skip  ci]", "[skip", "skip deploy of the cart"}) {
        marked.message = message;
        EXPECT_EQ(reason(marked), "deploys") << message;
    }
}

TEST(PushRulesTest, another_repository_than_the_project_s_deploys_nothing) {
    EXPECT_EQ(judge_push(event(), push(), "https://git.example/team/other.git").reason,
              "the push was to git@git.example:team/shop.git, and this project builds "
              "https://git.example/team/other.git");
    Event silent = event();
    silent.addresses.clear();
    EXPECT_EQ(judge_push(silent, push(), repo_url).reason,
              "the delivery does not say which repository was pushed to");
    silent.path = "TEAM/shop";
    EXPECT_TRUE(judge_push(silent, push(), repo_url).deploys);
    EXPECT_TRUE(judge_push(silent, push(), "https://git.example/scm/team/shop.git").deploys);
    EXPECT_FALSE(judge_push(silent, push(), "https://git.example/my-team/shop.git").deploys);
    silent.path = "/";
    EXPECT_FALSE(judge_push(silent, push(), repo_url).deploys);
}

TEST(PushRulesTest, compares_addresses_by_host_and_path) {
    const char* same[] = {"https://git.example/team/shop.git", "http://GIT.example/Team/Shop",
                          "git@git.example:team/shop.git",
                          "ssh://git@git.example:7999/team/shop.git/",
                          "git://git.example/team/shop"};
    for (const char* address : same)
        EXPECT_TRUE(is_same_repository(address, repo_url)) << address;
    const char* others[] = {"https://git.example/team/shop2.git",
                            "https://git.example.evil/team/shop.git",
                            "https://evil/git.example/team/shop.git",
                            "https://git.example/x/team/shop.git",
                            "file:///team/shop",
                            ""};
    for (const char* address : others)
        EXPECT_FALSE(is_same_repository(address, repo_url)) << address;
    EXPECT_FALSE(is_same_repository("", "")) << "no address is no repository";
}

TEST(PushRulesTest, other_events_deploy_nothing) {
    const Origin origin{Provider::github, "issues", "id-1"};
    Event other = event();
    other.kind = EventKind::other;
    EXPECT_EQ(judge_event(origin, other).reason,
              "events of the kind 'issues' deploy nothing; pushes do");
    other.kind = EventKind::ping;
    EXPECT_EQ(judge_event(origin, other).reason, "a ping: the webhook works");
    other.kind = EventKind::pull_request;
    EXPECT_FALSE(judge_event(origin, other).deploys);
}

}  // namespace
}  // namespace berth::githosts

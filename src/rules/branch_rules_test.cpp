#include "rules/branch_rules.hpp"

#include <gtest/gtest.h>

namespace berth::rules {
namespace {

bool deploys(const std::vector<std::string>& patterns, std::string_view branch) {
    return refused_branch(patterns, "main", branch).empty();
}

TEST(BranchRules, deploy_every_branch_without_patterns) {
    EXPECT_TRUE(deploys({}, "anything/at/all"));
}

TEST(BranchRules, include_and_leave_out) {
    const std::vector<std::string> patterns{"feature/**", "fix-*", "!feature/wip-*"};
    EXPECT_TRUE(deploys(patterns, "feature/cart/2"));
    EXPECT_TRUE(deploys(patterns, "fix-1"));
    EXPECT_FALSE(deploys(patterns, "feature/wip-1"));
    EXPECT_FALSE(deploys(patterns, "docs"));
    EXPECT_TRUE(deploys({"!dependabot/**"}, "docs"));
    EXPECT_FALSE(deploys({"!dependabot/**"}, "dependabot/npm/vite"));
}

TEST(BranchRules, never_leave_out_production) {
    EXPECT_TRUE(deploys({"!**"}, "main"));
    EXPECT_FALSE(deploys({"!**"}, "docs"));
}

TEST(BranchRules, say_why) {
    EXPECT_NE(refused_branch({"!wip"}, "main", "wip").find("like wip"), std::string::npos);
    EXPECT_NE(refused_branch({"a"}, "main", "b").find("no branch of this name"), std::string::npos);
}

TEST(BranchRules, are_checked) {
    EXPECT_TRUE(check_patterns({"a/**", "!b"}, Exclusion::allowed, "preview_branches"));
    const Result<> odd = check_patterns({"a", "b{"}, Exclusion::allowed, "preview_branches");
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().code, "invalid_glob");
    EXPECT_EQ(odd.error().pointer, "/preview_branches");
    const std::vector<std::string> many(branch_patterns_max + 1, "a");
    EXPECT_EQ(check_patterns(many, Exclusion::allowed, "x").error().code, "too_many");
    EXPECT_FALSE(check_patterns({"!"}, Exclusion::allowed, "x"));
}

}  // namespace
}  // namespace berth::rules

#include "plans/workspace.hpp"

#include <gtest/gtest.h>

#include "plans/plan_scope.hpp"

namespace berth::plans {
namespace {

TEST(Workspace, patterns_are_those_of_the_managers) {
    const struct {
        std::string_view pattern, path;
        bool fits;
    } cases[] = {
        {"packages/*", "packages/ui", true},
        {"packages/*", "packages/ui/lib", false},
        {"packages/*", "packages", false},
        {"packages/**", "packages/ui/lib", true},
        {"./packages/*/", "packages/ui", true},
        {"apps/web", "apps/web", true},
        {"apps/w*", "apps/web", true},
        {"apps/*b", "apps/web", true},
        {"apps/*b", "apps/api", false},
        {"**", "a/b/c", true},
        {"**/ui", "packages/ui", true},
        {"**/ui", "packages/api", false},
        {"a/**/b/**/c", "a/x/b/y/z/c", true},
        {"a/**/b", "a/b", true},
        {"*", "ui", true},
        {"*", "packages/ui", false},
        {"", "ui", false},
    };
    for (const auto& one : cases)
        EXPECT_EQ(fits_workspace(one.pattern, one.path), one.fits)
            << one.pattern << " " << one.path;
    std::string many;
    std::string long_path = "x";
    for (int i = 0; i < 200; ++i) {
        many += "**/a/";
        long_path.insert(0, "a/");
    }
    EXPECT_FALSE(fits_workspace(many + "b", long_path)) << "and soon";
}

TEST(Workspace, reads_the_packages_of_pnpm) {
    const std::vector<std::string> expected{"apps/*", "packages/*", "!packages/old"};
    EXPECT_EQ(
        pnpm_workspaces("catalog:\n  react: ^19\npackages:\n  # all\n  - apps/*\n"
                        "  - \"packages/*\" # ours\n- '!packages/old'\nonlyBuilt:\n  - esbuild\n"),
        expected);
    EXPECT_TRUE(pnpm_workspaces("").empty());
    EXPECT_TRUE(pnpm_workspaces("packages: []\n").empty());
}

TEST(Scope, of_a_git_diff_is_what_it_compares) {
    using Paths = std::vector<std::string>;
    EXPECT_EQ(compared_paths("git diff --quiet HEAD^ HEAD ./", "apps/web"), Paths{"apps/web"});
    EXPECT_EQ(compared_paths("git diff HEAD^ HEAD --quiet -- . ../../packages/ui", "apps/web"),
              (Paths{"apps/web", "packages/ui"}));
    EXPECT_EQ(compared_paths("git diff --quiet $CACHED_COMMIT_REF $COMMIT_REF docs/ '.'", ""),
              (Paths{"docs", "**"}));
    EXPECT_EQ(compared_paths("git diff --quiet HEAD^ HEAD", "web"), Paths{"**"});
    for (const char* other :
         {"git diff HEAD^ HEAD ./", "git diff --quiet HEAD^ HEAD ../../..", "exit 0", "git status",
          "git diff --quiet HEAD^ HEAD ':!docs'", "git diff --quiet HEAD^ HEAD a; echo",
          "git diff --quiet HEAD^ HEAD $(list)", "npx turbo-ignore"}) {
        EXPECT_EQ(compared_paths(other, "apps/web"), std::nullopt) << other;
    }
}

Survey tree() {
    Survey survey;
    survey.trees = {{"README.md", "1"},    {"apps", "2"},        {"apps/web", "3"},
                    {"apps/web/src", "4"}, {"apps/admin", "5"},  {"apps/admin/a.ts", "6"},
                    {"packages", "7"},     {"packages/ui", "8"}, {"packages/ui/i.ts", "9"},
                    {"package.json", "10"}};
    return survey;
}

TEST(Scope, counts_what_it_names_and_nothing_else) {
    const Scope web{.only = {"apps/web", "packages/**"}, .reason = "x"};
    const std::string before = hash_of(tree(), web);
    ASSERT_FALSE(before.empty());
    const auto changed = [](std::initializer_list<const char*> paths) {
        Survey survey = tree();
        for (const char* path : paths)
            survey.trees[path] = "changed";
        return survey;
    };
    EXPECT_EQ(hash_of(changed({"apps", "apps/admin", "apps/admin/a.ts"}), web), before);
    EXPECT_EQ(hash_of(changed({"README.md"}), web), before);
    EXPECT_NE(hash_of(changed({"apps", "apps/web", "apps/web/src"}), web), before);
    EXPECT_NE(hash_of(changed({"packages/ui/i.ts"}), web), before);
    EXPECT_NE(hash_of(changed({"packages/new"}), web), before);

    const Scope not_admin{.but = {"apps/admin"}, .reason = "x"};
    const std::string rest = hash_of(tree(), not_admin);
    EXPECT_EQ(hash_of(changed({"apps", "apps/admin", "apps/admin/a.ts"}), not_admin), rest);
    EXPECT_NE(hash_of(changed({"README.md"}), not_admin), rest);
    EXPECT_NE(hash_of(changed({"apps/admin2"}), not_admin), rest);
    EXPECT_NE(rest, before);
}

TEST(Scope, is_not_known_without_all_of_the_tree) {
    EXPECT_EQ(hash_of(tree(), {}), "") << "everything is no scope";
    EXPECT_EQ(hash_of({}, {.only = {"a"}}), "");
    Survey large;
    for (int i = 0; i < 20'000; ++i)
        large.trees[std::to_string(i)] = "1";
    EXPECT_EQ(hash_of(large, {.only = {"1"}}), "");
}

TEST(Scope, of_a_deep_path_is_what_is_seen_of_it) {
    EXPECT_TRUE(covers("apps/web", "apps/web/src/a"));
    EXPECT_TRUE(covers("a/b/c/d/e/f.ts", "a/b/c/d"));
    EXPECT_TRUE(covers("a/b/**/*.md", "a/b"));
    EXPECT_FALSE(covers("apps/web", "apps/website"));
    EXPECT_FALSE(covers("apps/web", "packages/ui"));
}

}  // namespace
}  // namespace berth::plans

#include "builds/caches.hpp"

#include <gtest/gtest.h>

namespace berth::builds {
namespace {

TEST(Caches, say_in_their_names_whose_they_are) {
    const std::string branch =
        cache_prefix(CacheKind::framework, "prj_1", "preview", "feature/a b");
    EXPECT_TRUE(branch.starts_with("fw-prj_1-preview-")) << branch;
    EXPECT_TRUE(branch.starts_with(cache_prefix(CacheKind::framework, "prj_1", "preview")));
    EXPECT_TRUE(engines::is_name(branch + "1764500000000")) << branch;
    EXPECT_NE(branch, cache_prefix(CacheKind::framework, "prj_1", "preview", "feature/a-b"));
    EXPECT_EQ(cache_prefix(CacheKind::packages, "prj_1", "production"), "pm-prj_1-production-");
    EXPECT_EQ(cache_prefix(CacheKind::source, "", "production"), "");
    EXPECT_EQ(project_of_cache(branch + "17"), "prj_1");
    EXPECT_EQ(project_of_cache(snapshot_name("prj_2", "abcdef")), "prj_2");
    EXPECT_EQ(project_of_cache("tool-node-24.0.0"), "");
    EXPECT_EQ(project_of_cache("snap-old"), "");
    EXPECT_EQ(saved_at_ms(branch + "1764500000000"), 1764500000000);
    EXPECT_EQ(saved_at_ms("snap-prj_2-abcdef"), 0);
    // The longest that there can be.
    const std::string project = "prj_" + std::string(26, 'x');
    EXPECT_TRUE(engines::is_name(cache_prefix(CacheKind::source, project, "production", "x") +
                                 "1764500000000"));
    EXPECT_TRUE(engines::is_name(snapshot_name(project, std::string(40, 'a'))));
}

TEST(Caches, are_looked_for_at_the_root_and_at_the_top) {
    const std::vector<std::string> top = framework_cache_paths("");
    EXPECT_EQ(std::ranges::count(top, "node_modules/.cache"), 1);
    const std::vector<std::string> deep = framework_cache_paths("apps/web");
    EXPECT_EQ(deep.size(), 2 * top.size());
    EXPECT_EQ(std::ranges::count(deep, "apps/web/.next/cache"), 1);
    EXPECT_EQ(std::ranges::count(deep, ".turbo"), 1);
}

}  // namespace
}  // namespace berth::builds

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

engines::VolumeState volume(std::string name, std::int64_t used_at_ms = 1) {
    return {.name = std::move(name), .kept = true, .disk_bytes = 7, .used_at_ms = used_at_ms};
}

TEST(Caches, are_told_by_what_their_names_say) {
    const std::string branch = cache_prefix(CacheKind::framework, "prj_1", "preview", "main");
    engines::VolumeState unfinished = volume("snap-prj_1-ef");
    unfinished.kept = false;
    const auto told = kept_caches({volume(branch + "17", 9), volume("pm-prj_1-production-17", 8),
                                   volume("snap-prj_1-abcd", 7), volume("tool-node-24.0.0", 6),
                                   volume("git-prj_2-preview-0123456789ab-17", 5), unfinished,
                                   volume("dpl_1-1-src"), volume("snap-none")});
    const jobs::KeptCache bundler{.name = branch + "17",
                                  .kind = jobs::CacheKind::bundler,
                                  .project = "prj_1",
                                  .trust = "preview",
                                  .part = part_hash("main"),
                                  .bytes = 7,
                                  .used_at_ms = 9};
    ASSERT_EQ(told.size(), 5u) << "strangers and unfinished ones are left out";
    EXPECT_EQ(told[0], bundler);
    EXPECT_EQ(told[1].kind, jobs::CacheKind::downloads);
    EXPECT_EQ(told[1].trust, "production");
    EXPECT_EQ(told[1].part, "");
    EXPECT_EQ(told[2].kind, jobs::CacheKind::install);
    EXPECT_EQ(told[2].trust, "");
    EXPECT_EQ(told[3].kind, jobs::CacheKind::toolchain);
    EXPECT_EQ(told[3].project, "");
    EXPECT_EQ(told[4].project, "prj_2");
    EXPECT_EQ(told[4].part, "0123456789ab");
}

TEST(Caches, are_told_in_bounds_the_last_used_first) {
    std::vector<engines::VolumeState> many;
    many.reserve(jobs::caches_per_report_max + 10);
    for (std::size_t i = 0; i < jobs::caches_per_report_max + 10; ++i) {
        many.push_back(volume(fmt::format("snap-prj_1-{}", i), static_cast<std::int64_t>(i)));
    }
    const auto told = kept_caches(many);
    ASSERT_EQ(told.size(), jobs::caches_per_report_max);
    EXPECT_EQ(told.front().name, many.back().name);
}

TEST(Caches, are_looked_for_at_the_root_and_at_the_top) {
    const std::vector<std::string> top = framework_cache_paths("", {});
    EXPECT_EQ(std::ranges::count(top, "node_modules/.cache"), 1);
    const std::vector<std::string> deep = framework_cache_paths("apps/web", {});
    EXPECT_EQ(deep.size(), 2 * top.size());
    EXPECT_EQ(std::ranges::count(deep, "apps/web/.next/cache"), 1);
    EXPECT_EQ(std::ranges::count(deep, ".turbo"), 1);
    const std::vector<std::string> named =
        framework_cache_paths("apps/web", {".svelte-kit", "node_modules/.vite"});
    EXPECT_EQ(named.size(), deep.size() + 1);
    EXPECT_EQ(named.back(), "apps/web/.svelte-kit");
}

}  // namespace
}  // namespace berth::builds

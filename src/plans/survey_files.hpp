#pragma once
/// Which files of a tree are read for a plan. The sandbox's script and the reader of a local
/// directory both follow these lists, so that `berth detect` sees what a build sees.

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::plans {

/// A name, or its beginning with a `*` after it: "vite.config.*".
bool fits(std::string_view pattern, std::string_view name);

/// Read in the root directory and in every directory above it. A larger one describes nothing.
inline constexpr std::uint64_t described_bytes_max = 256 << 10;
inline constexpr std::array<std::string_view, 49> described_files{
    // packages and their managers
    "package.json", "pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json", "turbo.jsonc",
    "rush.json", "project.json", ".npmrc", ".yarnrc.yml",
    // Node
    ".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml",
    // configurations of frameworks
    "vite.config.*", "next.config.*", "astro.config.*", "nuxt.config.*", "svelte.config.*",
    "app.config.*", "react-router.config.*", "docusaurus.config.*", "siteConfig.js", ".eleventy.js",
    ".eleventy.cjs", "eleventy.config.*", "angular.json", "vue.config.*", ".umirc.*",
    "stencil.config.*", "polymer.json", "gridsome.config.*", "webpack.config.*", "rsbuild.config.*",
    "rspress.config.*", "ember-cli-build.*", "_config.yml", "hugo.toml", "hugo.yaml", "config.toml",
    "config.yaml", "book.toml", "Gemfile", "index.html",
    // other platforms
    "Procfile", "app.json", "nixpacks.toml", "railpack.json"};

/// Files that say rules and settings may be longer (rules/read_rules.hpp).
inline constexpr std::uint64_t rule_bytes_max = 3 << 20;
inline constexpr std::array<std::string_view, 6> rule_files{"berth.toml",    "netlify.toml",
                                                            "vercel.json",   "wrangler.toml",
                                                            "wrangler.json", "wrangler.jsonc"};

/// Of these the beginning says the format.
inline constexpr std::uint64_t lock_head_bytes = 400;
inline constexpr std::array<std::string_view, 4> lock_heads{"pnpm-lock.yaml", "yarn.lock",
                                                            "package-lock.json", "bun.lock"};

/// `config.*` and `settings.*` of frameworks that keep it in a directory, below the same places.
inline constexpr std::array<std::string_view, 6> config_directories{
    ".vitepress", "docs/.vitepress", ".vuepress", "docs/.vuepress", "src/.vuepress", "config"};

/// Read wherever they lie, up to `names_depth` deep and `members_max` of them: the packages of a
/// workspace.
inline constexpr int names_depth = 4;
inline constexpr int members_max = 300;
inline constexpr std::uint64_t member_bytes_max = 64 << 10;
inline constexpr std::array<std::string_view, 2> member_files{"package.json", "project.json"};

}  // namespace berth::plans

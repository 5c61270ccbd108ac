#include "builds/known_causes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace berth::builds {
namespace {

struct Said {
    std::string line;
    std::string name;
};

/// As the tools say it.
const std::vector<Said> said{
    {"npm error The `npm ci` command can only install with an existing package-lock.json or",
     "lock_missing"},
    {"npm error Missing: left-pad@1.3.0 from lock file", "lock_outdated_npm"},
    {"npm error `npm ci` can only install packages when your package.json and package-lock.json or "
     "npm-shrinkwrap.json are in sync.",
     "lock_outdated_npm"},
    {" ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml "
     "is not up to date with package.json",
     "lock_outdated_pnpm"},
    {" ERR_PNPM_LOCKFILE_BREAKING_CHANGE  Lockfile /build/pnpm-lock.yaml not compatible with "
     "current pnpm",
     "lock_too_new_pnpm"},
    {"error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.",
     "lock_outdated_pnpm"},
    {"➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly "
     "forbidden.",
     "lock_outdated_yarn"},
    {"error: lockfile had changes, but lockfile is frozen", "lock_outdated_bun"},
    {"npm error ERESOLVE unable to resolve dependency tree", "peer_conflict"},
    {" ERR_PNPM_PEER_DEP_ISSUES  Unmet peer dependencies", "peer_conflict"},
    {"npm error code EBADENGINE", "wrong_node_engine"},
    {"error vite@7.0.0: The engine \"node\" is incompatible with this module. Expected version",
     "wrong_node_engine"},
    {"You are using Node.js 18.16.0. Vite requires Node.js version 20.19+ or 22.12+.",
     "wrong_node_tool"},
    {"You are using Node.js 16.14.0. For Next.js, Node.js version \">=18.18.0\" is required.",
     ""},  // named below by its own words
    {"TypeError: crypto.hash is not a function", "node_too_old"},
    {"SyntaxError: Unexpected token '?\?='", "node_too_old"},
    {"  code: 'ERR_OSSL_EVP_UNSUPPORTED'", "openssl_legacy"},
    {"npm error code E401", "private_package"},
    {"npm error code ENEEDAUTH", "private_package"},
    {"npm error 403 Forbidden - GET https://registry.example/x E403", "forbidden_package"},
    {"npm error 404  '@acme/private@^1.0.0' is not in this registry.", "unknown_package"},
    {"npm error notarget No matching version found for react@99.0.0.", "unknown_version"},
    {"npm error code EINTEGRITY", "damaged_package"},
    {"npm error code SELF_SIGNED_CERT_IN_CHAIN", "certificate"},
    {"npm error request to https://npm.internal/x failed, reason: getaddrinfo ENOTFOUND "
     "npm.internal",
     "no_name"},
    {"npm error network read ECONNRESET", "network"},
    {"npm error git@github.com: Permission denied (publickey).", "git_dependency"},
    {" ERR_PNPM_WORKSPACE_PKG_NOT_FOUND  In : \"@acme/ui@workspace:*\" is in the dependencies but "
     "no package named \"@acme/ui\" is present in the workspace",
     "workspace"},
    {"npm error code EJSONPARSE", "package_json"},
    {"sh: 1: husky: not found", "husky"},
    {"ERROR: Failed to set up Chrome v121.0.6167.85!", "browser_download"},
    {"Error: Could not load the \"sharp\" module using the linux-x64 runtime", "sharp"},
    {"Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional "
     "dependencies",
     "foreign_platform"},
    {"You installed esbuild for another platform than the one you're currently using.",
     "foreign_platform"},
    {"was compiled against a different Node.js version using NODE_MODULE_VERSION 108.",
     "wrong_abi"},
    {"gyp ERR! find Python You need to install the latest version of Python.", "no_python"},
    {"Error: Node Sass does not yet support your current environment: Linux 64-bit", "node_sass"},
    {"gyp ERR! build error", "native_module"},
    {"error This project's package.json defines \"packageManager\": \"yarn@4\". However the "
     "current "
     "global version of Yarn is 1.22. This project is configured to use yarn",
     "old_manager"},
    {"npm error Missing script: \"build\"", "no_script"},
    {"Treating warnings as errors because process.env.CI = true.", "treated_warnings"},
    {"src/a.ts(1,1): error TS1261: Already included file name 'A.ts' differs from file name 'a.ts' "
     "only in casing.",
     "letter_case"},
    {"Module not found: Error: Can't resolve './components/header' in '/build/src'", "letter_case"},
    {"Error: Cannot find module '../lib/Util'", "letter_case_up"},
    {"Error: @prisma/client did not initialize yet. Please run \"prisma generate\"", "prisma"},
    {"error: Environment variable not found: DATABASE_URL.", "missing_variable"},
    {"Error: Invalid environment variables", "missing_variable"},
    {"Error: supabaseUrl is required.", ""},
    {"Error: Missing API key. Pass it to the constructor", "missing_key"},
    {"Error: Cannot find module 'lodash'", "missing_module"},
    {"[vite]: Rollup failed to resolve import \"axios\" from \"/build/src/a.ts\".",
     "missing_module"},
    {"Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'chalk' imported from /build/b.mjs",
     "missing_package"},
    {"Error [ERR_REQUIRE_ESM]: require() of ES Module /build/node_modules/x not supported.",
     "require_esm"},
    {"SyntaxError: Cannot use import statement outside a module", "import_outside"},
    {"ERROR: Top-level await is not available in the configured target environment",
     "top_level_await"},
    {"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "heap"},
    {"Error: ENOSPC: System limit for number of file watchers reached, watch '/build/src'",
     "watchers"},
    {"Error: listen EADDRINUSE: address already in use :::3000", "address_in_use"},
    {"ReferenceError: window is not defined", "no_browser_here"},
    {"Error: Page \"/[slug]\" is missing \"generateStaticParams()\" so it cannot be used with "
     "\"output: export\" config.",
     "static_export"},
    {"Error occurred prerendering page \"/about\". Read more", "prerender"},
    {"[postcss] It looks like you're trying to use `tailwindcss` directly as a PostCSS plugin.",
     "tailwind_4"},
    {"Error: Can't find stylesheet to import.", "sass_import"},
    {"✘ [ERROR] bundle initial exceeded maximum budget. Budget 1.00 MB was not met by 200 kB",
     "budget"},
    {" NX   Cannot find configuration for task web:build", "nx_task"},
    {"src/App.tsx(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
     "type_error"},
    {"Failed to load config \"next/core-web-vitals\" to extend from.", "lint"},
    {"SyntaxError: Unexpected end of input", "syntax"},
    {"tar: write error: No space left on device", "no_space"},
    {"sh: 1: ./build.sh: Permission denied", "permission"},
    {"Error: ENOENT: no such file or directory, open 'data.json'", "no_file"},
    {"sh: 1: vite: not found", "no_command"},
};

TEST(KnownCauses, are_told_from_what_the_tools_say) {
    for (const Said& each : said) {
        const KnownCause* cause = known_cause_of(each.line);
        if (each.name.empty()) continue;
        ASSERT_NE(cause, nullptr) << each.line;
        EXPECT_EQ(cause->name, each.name) << each.line;
    }
}

TEST(KnownCauses, each_is_shown_by_a_line_and_says_what_to_do) {
    std::set<std::string_view> shown;
    for (const Said& each : said)
        if (const KnownCause* cause = known_cause_of(each.line)) shown.insert(cause->name);
    std::set<std::string_view> names;
    for (const KnownCause& cause : known_causes()) {
        EXPECT_TRUE(names.insert(cause.name).second) << cause.name << " is there twice";
        EXPECT_TRUE(shown.contains(cause.name)) << cause.name;
        EXPECT_TRUE(cause.advice.ends_with('.') || cause.advice.ends_with('?')) << cause.name;
    }
    EXPECT_GE(names.size(), 40U);
}

TEST(KnownCauses, say_nothing_of_other_lines) {
    for (const char* line : {"added 200 packages in 3s", "vite v7.0.0 building for production...",
                             "npm warn deprecated x@1: use y", ""})
        EXPECT_EQ(known_cause_of(line), nullptr) << line;
}

}  // namespace
}  // namespace berth::builds

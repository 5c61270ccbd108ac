#include "plans/plan.hpp"

#include <gtest/gtest.h>

#include "plans/inspection.hpp"

namespace berth::plans {
namespace {

Survey tree(std::map<std::string, std::string> files, std::string root = "") {
    Survey survey;
    survey.root = std::move(root);
    for (const auto& file : files)
        survey.names[file.first] = 'f';
    survey.files = std::move(files);
    return survey;
}

std::string package(std::string dependencies, std::string scripts = R"("build": "x")",
                    std::string more = "") {
    return fmt::format(R"({{"dependencies": {{{}}}, "scripts": {{{}}}{}}})", dependencies, scripts,
                       more);
}

TEST(Plan, knows_the_frameworks) {
    struct {
        std::string_view name;
        std::map<std::string, std::string> files;
        std::string_view output;
        bool spa;
    } const cases[] = {
        {"vite", {{"package.json", package(R"("vite": "8")")}}, "dist", true},
        {"vite",
         {{"package.json", package(R"("vite": "8")")},
          {"vite.config.ts", "export default { build: { outDir: 'public/app' } }"}},
         "public/app",
         true},
        {"vite",
         {{"package.json", package(R"("vite": "8")")},
          {"vite.config.js", "({root: './src', build: {outDir: \"../out\"}})"}},
         "out",
         true},
        {"vite",
         {{"package.json", package(R"("vite": "8")")},
          {"vite.config.js", "({build: {outDir: '../../etc'}})"}},
         "dist",
         true},
        {"vite",
         {{"package.json", package(R"("vite": "8")", R"("build": "vite build --outDir www")")}},
         "www",
         true},
        {"create_react_app", {{"package.json", package(R"("react-scripts": "5")")}}, "build", true},
        {"next",
         {{"package.json", package(R"("next": "15")")},
          {"next.config.mjs", "export default { output: 'export' }"}},
         "out",
         false},
        {"astro", {{"package.json", package(R"("astro": "5", "vite": "6")")}}, "dist", false},
        {"angular",
         {{"package.json", package(R"("@angular/cli": "18")")},
          {"angular.json", R"({"projects": {"shop": {}}})"}},
         "dist/shop/browser",
         true},
        {"other", {{"package.json", package("")}}, "", false},
        {"static", {{"index.html", ""}}, ".", false},
        {"static", {{"index.html", ""}, {"package.json", package("", "")}}, ".", false},
        {"static", {{"public/index.html", ""}}, "public", false},
    };
    for (const auto& one : cases) {
        const Planning<BuildPlan> plan = make_plan(tree(one.files), {});
        ASSERT_TRUE(plan) << one.name << ": " << plan.error().detail;
        EXPECT_EQ(plan->shown.framework.value, one.name);
        EXPECT_EQ(plan->output_dir, one.output) << one.name;
        EXPECT_EQ(plan->shown.spa, one.spa) << one.name;
        EXPECT_FALSE(plan->shown.framework.reason.empty());
        EXPECT_FALSE(plan->shown.output_dir.reason.empty());
    }
}

TEST(Plan, says_not_yet_to_what_needs_a_server) {
    const std::map<std::string, std::string> cases[] = {
        {{"package.json", package(R"("express": "4")", R"("start": "node .")")}},
        {{"package.json", package(R"("express": "4")")}},
        {{"package.json", package(R"("next": "15")")}},
        {{"package.json", package(R"("@sveltejs/kit": "2")")}},
        {{"package.json", package(R"("@nestjs/core": "10")")}},
        {{"package.json", package("", R"("start": "node server.js")")}},
    };
    for (const auto& files : cases) {
        const Planning<BuildPlan> plan = make_plan(tree(files), {});
        ASSERT_FALSE(plan);
        EXPECT_NE(plan.error().detail.find("later"), std::string::npos) << plan.error().detail;
        EXPECT_TRUE(make_plan(tree(files), {.output_dir = "public"})) << "the owner knows better";
        const jobs::Inspection shown = inspection_of(tree(files), {});
        EXPECT_NE(shown.framework.reason.find("later"), std::string::npos);
        EXPECT_FALSE(shown.framework.value.empty());
    }
}

TEST(Plan, finds_the_package_manager_and_its_frozen_install) {
    struct {
        std::map<std::string, std::string> files;
        std::string more;  // of package.json
        std::string_view manager, install, version;
    } const cases[] = {
        {{}, "", "npm", "npm install", ""},
        {{{"package-lock.json", ""}}, "", "npm", "npm ci", ""},
        {{{"npm-shrinkwrap.json", ""}}, "", "npm", "npm ci", ""},
        {{{"pnpm-lock.yaml", "lockfileVersion: '9.0'\n"}},
         "",
         "pnpm",
         "pnpm install --frozen-lockfile",
         "^10"},
        {{{"pnpm-lock.yaml", "lockfileVersion: 6.0\n"}},
         "",
         "pnpm",
         "pnpm install --frozen-lockfile",
         "^8"},
        {{{"yarn.lock", "# yarn lockfile v1\n"}},
         "",
         "yarn",
         "yarn install --frozen-lockfile",
         "^1"},
        {{{"yarn.lock", "__metadata:\n  version: 8\n"}},
         "",
         "yarn",
         "yarn install --immutable",
         "^4"},
        {{{"yarn.lock", "__metadata:\n  version: 6\n"}},
         "",
         "yarn",
         "yarn install --immutable",
         "^3"},
        {{{"bun.lock", ""}}, "", "bun", "bun install --frozen-lockfile", "^1"},
        {{},
         R"(, "packageManager": "pnpm@9.1.0+sha512.abc")",
         "pnpm",
         "pnpm install --no-frozen-lockfile",
         "9.1.0"},
        {{{"yarn.lock", ""}},
         R"(, "packageManager": "yarn@4.2.0")",
         "yarn",
         "yarn install --immutable",
         "4.2.0"},
        {{{"yarn.lock", ""}},
         R"(, "packageManager": "yarn@1.22.0")",
         "yarn",
         "yarn install --frozen-lockfile",
         "1.22.0"},
    };
    for (const auto& one : cases) {
        auto files = one.files;
        files["package.json"] = package(R"("vite": "8")", R"("build": "x")", one.more);
        const Planning<BuildPlan> plan = make_plan(tree(files), {});
        ASSERT_TRUE(plan);
        EXPECT_EQ(plan->shown.package_manager.value, one.manager);
        EXPECT_EQ(plan->install_command, one.install);
        EXPECT_EQ(plan->manager.version, one.version);
        EXPECT_EQ(plan->build_command, fmt::format("{} run build", one.manager));
    }
}

TEST(Plan, looks_for_lock_files_up_to_the_top) {
    const Survey survey = tree({{"pnpm-lock.yaml", "lockfileVersion: '9.0'"},
                                {".nvmrc", "20"},
                                {"apps/web/package.json", package(R"("vite": "8")")}},
                               "apps/web");
    const Planning<BuildPlan> plan = make_plan(survey, {});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->shown.package_manager.value, "pnpm");
    EXPECT_EQ(plan->shown.node.value, "20");
}

TEST(Plan, lets_settings_win) {
    const Survey survey = tree({{"package.json", package(R"("vite": "8")")}});
    const Planning<BuildPlan> plan = make_plan(
        survey,
        {.install_command = "", .build_command = "make", .output_dir = "/out/", .node = "22"});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->install_command, "");
    EXPECT_EQ(plan->build_command, "make");
    EXPECT_EQ(plan->output_dir, "out");
    EXPECT_EQ(plan->node_range, "22");
    EXPECT_EQ(plan->shown.build_command.reason, "set in the project");
    EXPECT_FALSE(make_plan(survey, {.output_dir = "../x"}));
    EXPECT_FALSE(make_plan(survey, {.framework = "cobol"}));
    EXPECT_FALSE(make_plan(survey, {.node = "banana"}));
}

TEST(Plan, knows_which_installs_read_more_than_the_lock_file) {
    const auto reads_source = [](std::string file, std::optional<std::string> command) {
        const Survey survey = tree({{"package.json", std::move(file)}});
        const auto plan = make_plan(survey, {.install_command = std::move(command)});
        return plan->install_reads_source;
    };
    const std::string plain = package(R"("vite": "8", "ui": "workspace:*")");
    EXPECT_FALSE(reads_source(plain, {}));
    for (const char* command : {"npm ci", "npm install --legacy-peer-deps", "yarn", "pnpm i",
                                "bun install --frozen-lockfile", ""}) {
        EXPECT_FALSE(reads_source(plain, command)) << command;
    }
    for (const char* command :
         {"npm ci && node setup.js", "sh install.sh", "npm run setup", "npm ci --prefix web",
          "npm install ./lib", "npm ci; make", "npm ci $(cat flags)", "npm ci\nmake", "make"}) {
        EXPECT_TRUE(reads_source(plain, command)) << command;
    }
    for (const char* local : {"file:./lib", "link:../lib", "portal:x", "./lib", "../lib"}) {
        EXPECT_TRUE(reads_source(package(fmt::format(R"("lib": "{}")", local)), {})) << local;
    }
    EXPECT_TRUE(reads_source(package(R"("a": "1")", R"("build": "x", "preinstall": "y")"), {}));
}

TEST(Plan, runs_a_packages_own_scripts_apart_from_its_install_where_that_is_the_same) {
    using Words = std::vector<std::string>;
    const auto apart = [](const std::string& scripts,
                          std::map<std::string, std::string> others = {},
                          std::optional<std::string> command = {}) {
        others["package.json"] = package(R"("a": "1")", R"("build": "x", )" + scripts);
        const auto plan = make_plan(tree(others), {.install_command = std::move(command)});
        EXPECT_EQ(plan->own_scripts.empty(), plan->install_reads_source);
        return plan->own_scripts;
    };
    const std::string both = R"("prepare": "y", "postinstall": "z")";
    EXPECT_EQ(apart(both), (Words{"postinstall", "prepare"}));
    EXPECT_EQ(apart(R"("prepare": "y")"), Words{"prepare"});
    EXPECT_EQ(apart(both, {{"pnpm-lock.yaml", ""}}), (Words{"postinstall", "prepare"}));
    for (const char* other :
         {"preinstall", "install", "preprepare", "postprepare", "prepublish", "prepostinstall"}) {
        EXPECT_EQ(apart(fmt::format(R"({}, "{}": "y")", both, other)), Words{}) << other;
    }
    EXPECT_EQ(apart(both, {}, "npm ci --omit=dev"), Words{});
    EXPECT_EQ(apart(both, {{".npmrc", "ignore-scripts=true"}}), Words{});
    EXPECT_EQ(apart(both, {{".yarnrc", ""}}), Words{});
    EXPECT_EQ(apart(both, {{"pnpm-workspace.yaml", "packages: []"}}), Words{});
    EXPECT_EQ(apart(both, {{"yarn.lock", "__metadata:\n  version: 8\n"}}), Words{});
}

TEST(Plan, knows_that_an_install_runs_the_scripts_of_a_whole_workspace) {
    std::map<std::string, std::string> files{
        {"package.json", R"({"workspaces": ["apps/*", "packages/*"]})"},
        {"apps/web/package.json", R"({"name": "web", "scripts": {"build": "x"}})"},
        {"packages/ui/package.json", R"({"name": "ui", "scripts": {"build": "x"}})"}};
    EXPECT_FALSE(make_plan(tree(files, "apps/web"), {})->install_reads_source);
    files["packages/ui/package.json"] = R"({"name": "ui", "scripts": {"prepare": "make"}})";
    EXPECT_TRUE(make_plan(tree(files, "apps/web"), {})->install_reads_source);
}

TEST(Plan, refuses_in_words) {
    EXPECT_NE(make_plan(tree({{"package.json", "{"}}), {}).error().detail.find("not valid JSON"),
              std::string::npos);
    EXPECT_NE(make_plan(tree({{"docs/index.html", ""}, {"web/package.json", "{}"}}), {})
                  .error()
                  .next_step.find("web"),
              std::string::npos)
        << "docs/ is served only when nothing else could be meant";
    Survey gone = tree({{"web/package.json", "{}"}}, "wev");
    gone.root_exists = false;
    EXPECT_NE(make_plan(gone, {}).error().next_step.find("web"), std::string::npos);
}

TEST(Root, is_plain_segments) {
    EXPECT_EQ(normal_root("./apps//web/").value(), "apps/web");
    EXPECT_EQ(normal_root("").value(), "");
    for (const char* bad : {"/etc", "..", "a/../..", "a\nb"})
        EXPECT_FALSE(normal_root(bad)) << bad;
}

TEST(Plan, follows_the_files_of_the_repository_where_the_project_says_nothing) {
    const Survey survey = tree({{"package.json", R"({"scripts": {"build": "vite build"}})"},
                                {"netlify.toml",
                                 "[build]\ncommand = \"npm run site\"\n"
                                 "publish = \"/made\"\nbase = \"web\"\n"
                                 "environment = {NODE_VERSION = \"20\"}\n"}});
    const Planning<BuildPlan> plan = make_plan(survey, {});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->build_command, "npm run site");
    EXPECT_EQ(plan->shown.build_command.reason, "netlify.toml: build.command");
    EXPECT_EQ(plan->output_dir, "made");
    EXPECT_EQ(plan->node_range, "20");
    EXPECT_EQ(plan->environment.at("NODE_VERSION"), "20");
    ASSERT_EQ(plan->notes.size(), 1u);
    EXPECT_NE(plan->notes[0].find("netlify.toml: build.base is 'web'"), std::string::npos);
    const Planning<BuildPlan> set = make_plan(survey, {.build_command = "make", .output_dir = "x"});
    ASSERT_TRUE(set);
    EXPECT_EQ(set->build_command, "make");
    EXPECT_EQ(set->output_dir, "x");
}

TEST(Plan, of_plain_files_takes_the_directory_that_their_file_names) {
    const Survey survey = tree({{"public/index.html", ""},
                                {"other/index.html", ""},
                                {"netlify.toml", "[build]\npublish = \"other\"\n"}});
    const Planning<BuildPlan> plan = make_plan(survey, {});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->output_dir, "other");
    EXPECT_EQ(plan->shown.output_dir.reason, "netlify.toml: build.publish");
    const Survey leaves =
        tree({{"index.html", ""}, {"netlify.toml", "[build]\npublish = \"../x\"\n"}});
    const Planning<BuildPlan> refused = make_plan(leaves, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().next_step, "Correct it in netlify.toml: build.publish.");
}

}  // namespace
}  // namespace berth::plans

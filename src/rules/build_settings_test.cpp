#include "rules/build_settings.hpp"

#include <gtest/gtest.h>

namespace berth::rules {
namespace {

using Files = std::map<std::string, std::string>;

std::string value(const std::optional<BuildSetting>& setting) {
    return setting ? setting->value + " (" + setting->where + ")" : "none";
}

const char* const netlify = R"(
[build]
base = "web"
command = "npm run build"
publish = "dist"
[build.environment]
NODE_VERSION = "20"
API = "all"
[context.production]
command = "npm run release"
[context.production.environment]
API = "live"
[context.branch-deploy]
publish = "preview"
[context."feature/*"]
command = "npm run feature"
[context."feature/x"]
command = "npm run x"
)";

TEST(BuildSettings, of_netlify_follow_their_context) {
    const BuildSettings live = read_build_settings({{"netlify.toml", netlify}}, {});
    EXPECT_EQ(value(live.build_command),
              "npm run release (netlify.toml: context.production.command)");
    EXPECT_EQ(value(live.output_dir), "dist (netlify.toml: build.publish)");
    EXPECT_EQ(value(live.base), "web (netlify.toml: build.base)");
    EXPECT_EQ(value(live.node), "20 (netlify.toml: context.production.environment.NODE_VERSION)");
    EXPECT_EQ(live.environment.at("API"), "live");
    const auto branch = [](const char* name) {
        return read_build_settings({{"netlify.toml", netlify}}, {false, name});
    };
    EXPECT_EQ(value(branch("main").build_command), "npm run build (netlify.toml: build.command)");
    EXPECT_EQ(value(branch("main").output_dir),
              "preview (netlify.toml: context.branch-deploy.publish)");
    EXPECT_EQ(branch("main").environment.at("API"), "all");
    EXPECT_EQ(value(branch("feature/y").build_command),
              "npm run feature (netlify.toml: context.feature/*.command)");
    EXPECT_EQ(value(branch("feature/x").build_command),
              "npm run x (netlify.toml: context.feature/x.command)");
    EXPECT_EQ(value(branch("production").build_command),
              "npm run build (netlify.toml: build.command)");
}

TEST(BuildSettings, of_vercel_and_our_own) {
    const Files vercel{
        {"vercel.json",
         R"({"buildCommand": "make", "installCommand": "", "outputDirectory": null})"}};
    const BuildSettings theirs = read_build_settings(vercel, {});
    EXPECT_EQ(value(theirs.build_command), "make (vercel.json: buildCommand)");
    EXPECT_EQ(value(theirs.install_command), " (vercel.json: installCommand)");
    EXPECT_EQ(value(theirs.output_dir), "none");
    Files both = vercel;
    both["berth.toml"] =
        "[build]\noutput_dir = \"site\"\nnode = \"22\"\nenvironment = {A = \"1\"}\n";
    const BuildSettings ours = read_build_settings(both, {});
    EXPECT_EQ(value(ours.build_command), "none");
    EXPECT_EQ(value(ours.output_dir), "site (berth.toml: build.output_dir)");
    EXPECT_EQ(value(ours.node), "22 (berth.toml: build.node)");
    EXPECT_EQ(ours.environment.at("A"), "1");
}

TEST(BuildSettings, of_other_platforms_count_when_none_of_ours_is_there) {
    const Files files{
        {"wrangler.toml", "pages_build_output_dir = 'out'\n[build]\ncommand = 'make'\n"},
        {"railpack.json", R"({"steps": {"build": {"commands": ["npm run other"]}}})"},
        {"Procfile", "# processes\nworker: node w.js\nweb: node a.js\nweb: node b.js\n"},
        {"app.json", R"({"env": {"A": "1", "B": {"value": "2"}, "C": {"required": true}}})"}};
    const BuildSettings settings = read_build_settings(files, {});
    EXPECT_EQ(value(settings.output_dir), "out (wrangler.toml: pages_build_output_dir)");
    EXPECT_EQ(value(settings.build_command), "make (wrangler.toml: build.command)");
    EXPECT_EQ(value(settings.start_command), "node a.js (Procfile: web)");
    EXPECT_EQ(settings.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "2"}}));
    Files ours = files;
    ours["berth.toml"] = "[build]\nwatch = ['web', 3, '']\nignore_command = 'true'\n";
    const BuildSettings own = read_build_settings(ours, {});
    EXPECT_EQ(value(own.build_command), "none");
    EXPECT_EQ(value(own.ignore_command), "true (berth.toml: build.ignore_command)");
    EXPECT_EQ(own.watch, std::vector<std::string>{"web"});
    EXPECT_EQ(own.notes.size(), 2u);
}

TEST(BuildSettings, leave_what_the_other_platform_would_detect_to_us) {
    EXPECT_EQ(value(read_build_settings(
                        {{"nixpacks.toml", "[phases.build]\ncmds = ['...', 'npm run more']\n"}}, {})
                        .build_command),
              "none");
    const BuildSettings joined = read_build_settings(
        {{"nixpacks.toml", "[phases.build]\ncmds = ['a', 'b']\n[start]\ncmd = 'c'\n"}}, {});
    EXPECT_EQ(value(joined.build_command), "a && b (nixpacks.toml: phases.build)");
    EXPECT_EQ(value(joined.start_command), "c (nixpacks.toml: start.cmd)");
    for (const char* file : {"wrangler.jsonc", "railpack.json", "nixpacks.toml", "app.json"}) {
        for (const char* broken : {"", "{", "[[", "null", "{\"steps\": 1, \"env\": []}"}) {
            const BuildSettings none = read_build_settings({{file, broken}}, {});
            EXPECT_EQ(value(none.build_command), "none") << file << " " << broken;
            EXPECT_TRUE(none.environment.empty()) << file << " " << broken;
        }
    }
}

TEST(BuildSettings, of_broken_files_say_nothing) {
    EXPECT_EQ(value(read_build_settings({{"netlify.toml", "[build"}}, {}).build_command), "none");
    EXPECT_EQ(value(read_build_settings({{"vercel.json", "[1]"}}, {}).build_command), "none");
    const BuildSettings wrong =
        read_build_settings({{"netlify.toml",
                              "[build]\ncommand = \"a\\nb\"\npublish = 3\n[build.environment]\n"
                              "\"1 A\" = \"x\"\nPATH = \"/x\"\nBERTH_X = \"1\"\nLIST = [1]\n"}},
                            {});
    EXPECT_EQ(value(wrong.build_command), "none");
    EXPECT_EQ(wrong.notes.size(), 5u);
    EXPECT_TRUE(wrong.environment.empty());
}

}  // namespace
}  // namespace berth::rules

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

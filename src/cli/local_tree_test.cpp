#include "cli/local_tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/crypto.hpp"
#include "base/file.hpp"

namespace berth::cli {
namespace {

namespace fs = std::filesystem;
using Paths = std::set<std::string>;

class LocalTreeTest : public testing::Test {
protected:
    LocalTreeTest() {
        char name[] = "/tmp/berth.upload-XXXXXX";
        top_ = ::mkdtemp(name);
    }
    ~LocalTreeTest() override { fs::remove_all(top_); }

    void put(const std::string& path, const std::string& content = "x", unsigned mode = 0644) {
        fs::create_directories(fs::path(top_ + "/" + path).parent_path());
        write_file(top_ + "/" + path, content, mode);
    }

    Outcome<LocalTree> read(TreeWish wish = {}) {
        wish.directory = top_ + (wish.directory == "." ? "" : "/" + wish.directory);
        if (!wish.prebuilt.empty()) wish.prebuilt = top_ + "/" + wish.prebuilt;
        return read_local_tree(wish, [] {});
    }

    static Paths paths_of(const LocalTree& tree) {
        Paths paths;
        for (const LocalFile& file : tree.files)
            paths.insert(file.path);
        return paths;
    }

    std::string top_;
};

TEST(KeptBack, knows_what_is_dangerous) {
    for (const char* path : {".env", "a/.env.local", ".env.production", "node_modules/x/i.js",
                             "a/node_modules", ".git/config", "sub/.git"}) {
        EXPECT_TRUE(is_kept_back(path)) << path;
    }
    for (const char* path : {"env", ".environment", "a.env", "node_modules_x/a", ".gitignore",
                             ".env/a.txt", "src/.envrc"}) {
        EXPECT_FALSE(is_kept_back(path)) << path;
    }
}

TEST_F(LocalTreeTest, has_names_modes_sizes_and_hashes) {
    put("index.html", "<h1>Hello</h1>");
    put("bin/run", "#!/bin/sh\n", 0755);
    fs::create_symlink("../elsewhere", top_ + "/latest");
    const LocalTree tree = read().value();
    std::map<std::string, std::string> facts;
    for (const LocalFile& file : tree.files)
        facts[file.path] = fmt::format("{} {} {}", file.mode, file.bytes, file.sha256);
    const std::map<std::string, std::string> expected{
        {"index.html", "file 14 " + sha256_hex("<h1>Hello</h1>")},
        {"bin/run", "program 10 " + sha256_hex("#!/bin/sh\n")},
        {"latest", "link 12 " + sha256_hex("../elsewhere")}};
    EXPECT_EQ(facts, expected);
}

TEST_F(LocalTreeTest, keeps_secrets_back_unless_they_are_named) {
    put("index.html");
    put(".env", "SECRET=1");
    put("app/.env.production", "SECRET=2");
    put(".berthignore", "drafts\n");
    put("drafts/a.html");
    const LocalTree tree = read().value();
    EXPECT_EQ(paths_of(tree), (Paths{".berthignore", "index.html"}));
    EXPECT_EQ(Paths(tree.kept_back.begin(), tree.kept_back.end()),
              (Paths{".env", "app/.env.production"}));
    EXPECT_EQ(tree.ignored, 1u);
    const LocalTree named = read({.include = {"./app/.env.production"}}).value();
    EXPECT_TRUE(paths_of(named).contains("app/.env.production"));
    EXPECT_FALSE(paths_of(named).contains(".env"));
}

TEST_F(LocalTreeTest, takes_a_named_file_that_is_ignored) {
    put("index.html");
    put(".gitignore", ".env\n");
    put(".env", "PUBLIC=1");
    EXPECT_TRUE(paths_of(read({.include = {".env"}}).value()).contains(".env"));
}

TEST_F(LocalTreeTest, refuses_names_that_are_not_there_or_lead_outside) {
    put("index.html");
    for (const char* name : {"gone", "../other", "/etc/passwd", ".git/config", ""}) {
        const Outcome<LocalTree> tree = read({.include = {name}});
        ASSERT_FALSE(tree.has_value()) << name;
        EXPECT_EQ(tree.error().exit, Exit::usage) << name;
    }
}

TEST_F(LocalTreeTest, takes_something_prebuilt_with_the_rules_beside_it) {
    put("package.json", "{}");
    put("vercel.json", "{}");
    put(".gitignore", "dist\n");
    put("dist/index.html");
    put("dist/_redirects", "/a /b\n");
    put("dist/.env", "SECRET=1");
    put("dist/node_modules/a.js");
    const LocalTree tree = read({.prebuilt = "dist"}).value();
    EXPECT_EQ(tree.prebuilt, "dist");
    EXPECT_EQ(paths_of(tree), (Paths{"dist/index.html", "dist/_redirects", "vercel.json"}));
}

TEST_F(LocalTreeTest, something_prebuilt_may_lie_elsewhere) {
    put("site/index.html");
    put("app/vercel.json", "{}");
    const LocalTree tree = read({.directory = "app", .prebuilt = "site"}).value();
    EXPECT_EQ(tree.prebuilt, ".");
    EXPECT_EQ(paths_of(tree), (Paths{"index.html"}));
}

TEST_F(LocalTreeTest, says_when_there_is_nothing) {
    EXPECT_EQ(read({.directory = "gone"}).error().code, "no_directory");
    put("node_modules/x.js");
    EXPECT_EQ(read().error().code, "nothing_to_build");
    fs::create_directories(top_ + "/empty");
    EXPECT_EQ(read({.prebuilt = "empty"}).error().code, "nothing_to_build");
}

TEST_F(LocalTreeTest, refuses_a_file_that_is_too_large) {
    put("index.html");
    put("video.mp4");
    ASSERT_EQ(::truncate((top_ + "/video.mp4").c_str(), (512ll << 20) + 1), 0);
    EXPECT_EQ(read().error().code, "upload_too_large");
}

}  // namespace
}  // namespace berth::cli

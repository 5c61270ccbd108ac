#include "plans/working_tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/process.hpp"

namespace berth::plans {
namespace {

namespace fs = std::filesystem;
using Files = std::set<std::string>;

class WorkingTreeTest : public testing::Test {
protected:
    WorkingTreeTest() {
        char name[] = "/tmp/berth.tree-XXXXXX";
        top_ = ::mkdtemp(name);
    }
    ~WorkingTreeTest() override { fs::remove_all(top_); }

    void put(const std::string& path, const std::string& content = "x") {
        fs::create_directories(fs::path(top_ + "/" + path).parent_path());
        write_file(top_ + "/" + path, content);
    }

    void git(std::vector<std::string> words) {
        words.insert(words.begin(),
                     {"git", "-C", top_, "-c", "user.name=Ada", "-c", "user.email=ada@example.com",
                      "-c", "init.defaultBranch=main"});
        const Command command{.argv = words, .environment = plain_environment()};
        const Result<Ended> ended = run_blocking(command, std::chrono::seconds(20));
        ASSERT_TRUE(ended && ended->exit_code == 0) << (ended ? ended->errors : "no git");
    }

    void commit() {
        git({"init", "-q"});
        git({"add", "-A"});
        git({"commit", "-q", "-m", "First: ü"});
    }

    WorkingTree read(const std::string& output = "") {
        return read_working_tree(top_, output).value();
    }

    std::string top_;
};

TEST_F(WorkingTreeTest, takes_what_is_tracked_or_would_be) {
    put("a.txt");
    put("gone.txt");
    put(".gitignore", "dist\n*.log\n");
    commit();
    put("new/b.txt");
    put("dist/c.js");
    put("x.log");
    fs::remove(top_ + "/gone.txt");
    const WorkingTree tree = read();
    EXPECT_EQ(tree.files, (Files{".gitignore", "a.txt", "new/b.txt"}));
    EXPECT_TRUE(tree.of_git);
    EXPECT_EQ(tree.commit.branch, "main");
    EXPECT_EQ(tree.commit.commit.size(), 40u);
    EXPECT_EQ(tree.commit.message, "First: ü");
    EXPECT_EQ(tree.commit.author, "Ada");
}

TEST_F(WorkingTreeTest, leaves_out_what_vercelignore_names_also_where_it_is_tracked) {
    put("a.txt");
    put("docs/long.md");
    put(".vercelignore", "docs\n");
    commit();
    put("docs/new.md");
    const WorkingTree tree = read();
    EXPECT_EQ(tree.files, (Files{".vercelignore", "a.txt"}));
    EXPECT_EQ(tree.left_out, 2u);
}

TEST_F(WorkingTreeTest, leaves_out_what_berthignore_names_beside_vercelignore) {
    put("a.txt");
    put("notes.md");
    put("docs/long.md");
    put(".berthignore", "*.md\n!docs/*.md\n");
    put(".vercelignore", "docs\n");
    commit();
    EXPECT_EQ(read().files, (Files{".berthignore", ".vercelignore", "a.txt"}));
}

TEST_F(WorkingTreeTest, never_takes_what_it_wrote_itself) {
    put("a.txt");
    commit();
    put(".berth/output/index.html");
    put("site/index.html");
    put("sites/index.html");
    EXPECT_EQ(read("site").files, (Files{"a.txt", "sites/index.html"}));
}

TEST_F(WorkingTreeTest, outside_of_git_takes_all_but_what_tools_make) {
    put("index.html");
    put("sub/.DS_Store");
    put("node_modules/x/index.js");
    put(".env.production.local", "SECRET=1");
    put(".gitignore", "*.tmp\n");
    put("y.tmp");
    put(".vercelignore", "drafts\n");
    put("drafts/a.html");
    const WorkingTree tree = read();
    EXPECT_EQ(tree.files, (Files{".gitignore", ".vercelignore", "index.html"}));
    EXPECT_FALSE(tree.of_git);
    EXPECT_EQ(tree.commit.commit, "");
    EXPECT_FALSE(fs::exists(top_ + "/.git"));
}

TEST_F(WorkingTreeTest, says_so_when_nothing_is_left) {
    put("node_modules/x.js");
    EXPECT_EQ(read_working_tree(top_, "").error().code, "nothing_to_build");
}

TEST_F(WorkingTreeTest, says_what_git_said_of_a_broken_repository) {
    put("a.txt");
    put(".git/HEAD", "nonsense");
    EXPECT_EQ(read_working_tree(top_, "").error().code, "git_failed");
}

TEST_F(WorkingTreeTest, runs_no_program_that_the_configuration_names) {
    put("a.txt");
    commit();
    const std::string trap = top_ + "/.git/trap";
    write_file(trap, "#!/bin/sh\ntouch '" + top_ + "/.git/sprung'\n", 0755);
    git({"config", "core.fsmonitor", trap});
    git({"config", "filter.x.clean", trap});
    git({"config", "core.pager", trap});
    git({"config", "log.showSignature", "true"});
    git({"config", "gpg.program", trap});
    put(".gitattributes", "* filter=x\n");
    put("a.txt", "changed");
    EXPECT_EQ(read().files, (Files{".gitattributes", "a.txt"}));
    EXPECT_FALSE(fs::exists(top_ + "/.git/sprung"));
}

}  // namespace
}  // namespace berth::plans

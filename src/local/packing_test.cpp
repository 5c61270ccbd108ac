#include "local/packing.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "base/process.hpp"
#include "builds/archive.hpp"
#include "builds/step_run.hpp"

namespace berth::local {
namespace {

namespace fs = std::filesystem;
using plans::read_working_tree;
using plans::WorkingTree;

class PackingTest : public testing::Test {
protected:
    PackingTest() {
        char name[] = "/tmp/berth.tree-XXXXXX";
        top_ = ::mkdtemp(name);
    }
    ~PackingTest() override { fs::remove_all(top_); }

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

/// Path → content, links as "-> target", programs with a star.
std::map<std::string, std::string> unpacked(int file) {
    std::map<std::string, std::string> all;
    EXPECT_EQ(::lseek(file, 0, SEEK_SET), 0);
    const auto visit = [&](const builds::ArchiveEntry& entry,
                           const builds::ReadContent& read) -> Result<> {
        if (entry.kind == builds::ArchiveKind::symlink) {
            all[entry.path] = "-> " + entry.target;
            return {};
        }
        all[entry.path + (entry.executable ? "*" : "")] =
            builds::read_content(entry, read, 1 << 20).value();
        return {};
    };
    EXPECT_TRUE(builds::walk_archive(file, visit));
    return all;
}

constexpr std::uint64_t plenty = 1 << 20;
bool go_on() {
    return false;
}

TEST_F(PackingTest, packs_content_modes_links_and_facts) {
    put("größe/a.txt", "hello");
    write_file(top_ + "/run.sh", "#!/bin/sh\n", 0755);
    fs::create_symlink("/etc/passwd", top_ + "/link");
    commit();
    const WorkingTree tree = read();
    const Fd file = builds::scratch_file(top_);
    const Packed packed = pack(tree, file.get(), plenty, 100, go_on).value();
    EXPECT_EQ(packed.files, 3u);
    auto all = unpacked(file.get());
    EXPECT_EQ(all["tree/größe/a.txt"], "hello");
    EXPECT_EQ(all["tree/run.sh*"], "#!/bin/sh\n");
    EXPECT_EQ(all["tree/link"], "-> /etc/passwd");
    EXPECT_EQ(all["facts"], fmt::format("commit {}\nbranch main\ntree {}\nauthor Ada\n"
                                        "message First: ü\n",
                                        tree.commit.commit, packed.tree));
}

TEST_F(PackingTest, hashes_the_same_source_alike_and_another_otherwise) {
    put("a.txt", "1");
    const auto hash = [&] {
        const Fd file = builds::scratch_file("/tmp");
        return pack(read(), file.get(), plenty, 100, go_on).value().tree;
    };
    const std::string first = hash();
    EXPECT_EQ(hash(), first);
    put("a.txt", "2");
    EXPECT_NE(hash(), first);
    put("a.txt", "1");
    ::chmod((top_ + "/a.txt").c_str(), 0755);
    EXPECT_NE(hash(), first);
}

TEST_F(PackingTest, refuses_what_is_too_large_or_stopped) {
    put("a.txt", std::string(2000, 'a'));
    put("b.txt");
    const WorkingTree tree = read();
    const Fd file = builds::scratch_file("/tmp");
    EXPECT_EQ(pack(tree, file.get(), 1999, 100, go_on).error().code, "source_too_large");
    EXPECT_EQ(pack(tree, file.get(), plenty, 1, go_on).error().code, "source_too_large");
    const auto stop = [] { return true; };
    EXPECT_EQ(pack(tree, file.get(), plenty, 100, stop).error().code, "stopped");
}

}  // namespace
}  // namespace berth::local

#include "engines/trees.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <system_error>

#include "base/file.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

constexpr TreeUse no_limit{std::numeric_limits<std::uint64_t>::max(),
                           std::numeric_limits<std::uint64_t>::max() - 1};

class TreesTest : public testing::Test {
protected:
    TreesTest() {
        char name[] = "/tmp/berth-trees-XXXXXX";
        folder_ = ::mkdtemp(name);
        fs::create_directory(top());
        std::ofstream(beside()) << std::string(1 << 20, 'x');
    }
    ~TreesTest() override {
        remove_tree(top());
        fs::remove_all(folder_);
    }

    std::string top() const { return folder_ + "/top"; }
    std::string beside() const { return folder_ + "/beside"; }
    void write(const std::string& name, std::size_t bytes) const {
        std::ofstream(top() + "/" + name) << std::string(bytes, 'x');
    }
    /// Folders in each other, deeper than any path may be long.
    void nest(int depth) const {
        Fd folder(::open(top().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        const std::string name(200, 'd');
        for (int i = 0; i < depth; ++i) {
            ASSERT_EQ(::mkdirat(folder.get(), name.c_str(), 0755), 0);
            folder = Fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        }
        const Fd file(::openat(folder.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ASSERT_TRUE(file);
    }

    std::string folder_;
};

TEST_F(TreesTest, measures_what_lies_below) {
    fs::create_directories(top() + "/a/b");
    write("a/b/file", 100'000);
    const TreeUse use = measure_tree(top(), no_limit);
    EXPECT_EQ(use.files, 3u);
    EXPECT_GE(use.bytes, 100'000u);
    EXPECT_LT(use.bytes, 200'000u);
    EXPECT_EQ(measure_tree(folder_ + "/nothing", no_limit).files, 0u);
}

TEST_F(TreesTest, counts_a_file_with_two_names_once_and_follows_no_link) {
    write("file", 100'000);
    fs::create_hard_link(top() + "/file", top() + "/again");
    fs::create_symlink(folder_, top() + "/out");
    fs::create_symlink(beside(), top() + "/large");
    const TreeUse use = measure_tree(top(), no_limit);
    EXPECT_EQ(use.files, 3u);
    EXPECT_LT(use.bytes, 200'000u);
}

TEST_F(TreesTest, stops_when_it_is_over_a_limit) {
    for (int i = 0; i < 100; ++i)
        write(std::to_string(i), 10'000);
    EXPECT_EQ(measure_tree(top(), {.bytes = no_limit.bytes, .files = 9}).files, 10u);
    const TreeUse use = measure_tree(top(), {.bytes = 50'000, .files = 1000});
    EXPECT_GT(use.bytes, 50'000u);
    EXPECT_LT(use.files, 100u);
}

TEST_F(TreesTest, takes_what_lies_too_deep_to_be_seen_for_too_much) {
    nest(30);
    const TreeUse use = measure_tree(top(), no_limit);
    EXPECT_GT(use.files, no_limit.files);
}

TEST_F(TreesTest, removes_all_of_it_and_nothing_else) {
    fs::create_directories(top() + "/a/b/c");
    write("a/b/c/file", 10);
    fs::create_symlink(folder_, top() + "/a/out");
    fs::create_symlink(beside(), top() + "/a/b/large");
    ASSERT_EQ(::mkfifo((top() + "/a/fifo").c_str(), 0600), 0);
    ASSERT_EQ(::chmod((top() + "/a/b").c_str(), 0), 0);
    remove_tree(top());
    EXPECT_FALSE(fs::exists(top()));
    EXPECT_EQ(fs::file_size(beside()), 1u << 20);
}

TEST_F(TreesTest, removes_what_is_deeper_than_any_path_and_wider_than_one_look) {
    nest(200);
    for (int i = 0; i < 12'000; ++i)
        ASSERT_EQ(::mkdir((top() + "/" + std::to_string(i)).c_str(), 0755), 0);
    remove_tree(top());
    EXPECT_FALSE(fs::exists(top()));
}

TEST_F(TreesTest, removes_files_and_links_and_minds_nothing_that_is_gone) {
    fs::create_symlink(folder_, folder_ + "/link");
    remove_tree(folder_ + "/link");
    EXPECT_FALSE(fs::is_symlink(folder_ + "/link"));
    EXPECT_TRUE(fs::exists(beside()));
    remove_tree(folder_ + "/nothing");
}

}  // namespace
}  // namespace berth::engines

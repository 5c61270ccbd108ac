#include "engines/delegated_cgroup.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/file.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

/// A tree of plain files in the place of the kernel's.
class DelegatedCgroupTest : public testing::Test {
protected:
    DelegatedCgroupTest() {
        char name[] = "/tmp/berth-delegated-XXXXXX";
        root_ = ::mkdtemp(name);
        fs::create_directories(group());
        for (const char* file : {"/cgroup.procs", "/cgroup.subtree_control"})
            std::ofstream(group() + file) << "";
        fs::create_directory(group() + "/berth-roles");
        std::ofstream(group() + "/berth-roles/cgroup.procs") << "";
        controllers("cpu memory pids");
        self("1:name=systemd:/x\n0::/user.slice/berth.service\n");
        std::ofstream(mountinfo()) << "31 23 0:28 / " << root_ << " rw - cgroup2 cgroup2 rw\n";
    }
    ~DelegatedCgroupTest() override { fs::remove_all(root_); }

    std::string group() const { return root_ + "/user.slice/berth.service"; }
    std::string mountinfo() const { return root_ + "/mountinfo"; }
    void self(const std::string& text) const { std::ofstream(root_ + "/self") << text; }
    void controllers(const std::string& text) const {
        std::ofstream(group() + "/cgroup.controllers") << text << "\n";
    }
    Result<std::string> take() const { return take_delegated_cgroup(root_ + "/self", mountinfo()); }

    std::string root_;
};

TEST_F(DelegatedCgroupTest, moves_itself_below_and_hands_the_controllers_on) {
    EXPECT_EQ(take().value(), "/user.slice/berth.service");
    EXPECT_EQ(read_file(group() + "/berth-roles/cgroup.procs").value(), std::to_string(::getpid()));
    const std::string handed = read_file(group() + "/cgroup.subtree_control").value();
    EXPECT_TRUE(handed.starts_with("+cpuset")) << handed;  // the last of the words, in a plain file
}

TEST_F(DelegatedCgroupTest, stays_where_the_program_before_has_moved) {
    self("0::/user.slice/berth.service/berth-roles\n");
    EXPECT_EQ(take().value(), "/user.slice/berth.service");
    EXPECT_EQ(read_file(group() + "/berth-roles/cgroup.procs").value(), "");
}

TEST_F(DelegatedCgroupTest, says_why_there_is_none) {
    controllers("cpu pids");
    EXPECT_NE(take().error().message.find("no memory controller"), std::string::npos);
    self("0::/user.slice/other.service\n");
    EXPECT_NE(take().error().message.find("Delegate=yes"), std::string::npos);
    self("0::/\n");
    EXPECT_FALSE(take());
    self("");
    EXPECT_FALSE(take());
    std::ofstream(mountinfo()) << "31 23 0:28 / " << root_ << " rw - cgroup cgroup rw,memory\n";
    EXPECT_NE(take().error().message.find("v1"), std::string::npos);
}

}  // namespace
}  // namespace berth::engines

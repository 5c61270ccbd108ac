// Over a tree of plain files: what the kernel shows, without needing a kernel of each kind. Real
// groups are tested by engine_test.cpp with whatever this machine has.
#include "engines/cgroups.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

class CgroupsTest : public testing::Test {
protected:
    CgroupsTest() {
        char name[] = "/tmp/berth-cgroups-XXXXXX";
        root_ = ::mkdtemp(name);
    }
    ~CgroupsTest() override { fs::remove_all(root_); }

    void write(const std::string& path, const std::string& text) {
        fs::create_directories(fs::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }

    std::string read(const std::string& path) {
        std::ifstream file(root_ + path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    Cgroups with_mounts(const std::string& lines) {
        write("/mountinfo", lines);
        return Cgroups("x", root_ + "/mountinfo");
    }
    std::string mount(const std::string& point, const std::string& type,
                      const std::string& options) {
        return "30 25 0:26 / " + root_ + point + " rw,nosuid shared:9 - " + type + " source " +
               options + "\n";
    }

    std::string root_;
};

TEST_F(CgroupsTest, reads_version_2) {
    write("/unified/cgroup.controllers", "cpuset cpu io memory pids\n");
    write("/unified/berth-x/run/memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\n");
    write("/unified/berth-x/run/pids.events", "max 7\n");
    write("/unified/berth-x/run/memory.peak", "123456\n");
    write("/unified/berth-x/run/cgroup.procs", "");
    const Cgroups cgroups = with_mounts(mount("/unified", "cgroup2", "rw,nsdelegate"));
    EXPECT_EQ(cgroups.mode(), CgroupMode::v2);
    EXPECT_TRUE(cgroups.has("memory"));
    EXPECT_TRUE(cgroups.has("cpuset"));
    EXPECT_FALSE(cgroups.has("hugetlb"));
    EXPECT_TRUE(cgroups.limits_swap());
    const Counts counts = cgroups.counts("run");
    EXPECT_EQ(counts.oom_kills, 3u);
    EXPECT_EQ(counts.forks_refused, 7u);
    EXPECT_EQ(counts.memory_peak_bytes, 123456u);
    write("/unified/berth-x/run/memory.max", "1000000\n");
    write("/unified/berth-x/run/memory.current", "900000\n");
    write("/unified/berth-x/run/memory.stat",
          "anon 70\nfile 90\nshmem 5\ninactive_file 30\nactive_file 12\n"
          "workingset_refault_anon 1\nworkingset_refault_file 77\npgfault 9\npgmajfault 8\n");
    const Memory memory = cgroups.memory("run");
    EXPECT_EQ(memory.limit_bytes, 1'000'000u);
    EXPECT_EQ(memory.used_bytes, 900'000u);
    EXPECT_EQ(memory.file_bytes, 42u);
    EXPECT_EQ(memory.refaults, 77u);
    EXPECT_EQ(memory.major_faults, 8u);
    EXPECT_EQ(cgroups.left_behind(), std::vector<std::string>{"run"});
    EXPECT_EQ(cgroups.path_of("run"), "/berth-x/run");
}

TEST_F(CgroupsTest, kills_a_group_of_version_2_at_once) {
    write("/unified/berth-x/run/cgroup.kill", "");
    write("/unified/berth-x/run/cgroup.procs", "");
    const Cgroups cgroups = with_mounts(mount("/unified", "cgroup2", "rw"));
    EXPECT_TRUE(cgroups.kill("run"));  // empty
    std::ifstream file(root_ + "/unified/berth-x/run/cgroup.kill");
    std::string said;
    file >> said;
    EXPECT_EQ(said, "1");
}

TEST_F(CgroupsTest, reads_version_1_beside_an_idle_version_2) {
    write("/memory/memory.memsw.limit_in_bytes", "9223372036854771712\n");
    write("/memory/berth-x/run/memory.oom_control",
          "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    write("/memory/berth-x/run/memory.max_usage_in_bytes", "4096\n");
    write("/pids/berth-x/run/pids.events", "max 1\n");
    const Cgroups cgroups =
        with_mounts(mount("/memory", "cgroup", "rw,memory") + mount("/pids", "cgroup", "rw,pids") +
                    mount("/cpu", "cgroup", "rw,cpu,cpuacct") + mount("/unified", "cgroup2", "rw"));
    EXPECT_EQ(cgroups.mode(), CgroupMode::v1);
    EXPECT_TRUE(cgroups.has("cpu"));
    EXPECT_FALSE(cgroups.has("cpuset"));
    EXPECT_TRUE(cgroups.limits_swap());
    const Counts counts = cgroups.counts("run");
    EXPECT_EQ(counts.oom_kills, 2u);
    EXPECT_EQ(counts.forks_refused, 1u);
    EXPECT_EQ(counts.memory_peak_bytes, 4096u);
    write("/memory/berth-x/run/memory.limit_in_bytes", "209715200\n");
    write("/memory/berth-x/run/memory.usage_in_bytes", "209698816\n");
    write("/memory/berth-x/run/memory.stat",
          "cache 1830912\nrss 205332480\nworkingset_refault_file 33\npgmajfault 267\n"
          "inactive_file 1765376\nactive_file 65536\ntotal_pgmajfault 9999\n");
    const Memory memory = cgroups.memory("run");
    EXPECT_EQ(memory.limit_bytes, 209'715'200u);
    EXPECT_EQ(memory.used_bytes, 209'698'816u);
    EXPECT_EQ(memory.file_bytes, 1'830'912u);
    EXPECT_EQ(memory.refaults, 33u);
    EXPECT_EQ(memory.major_faults, 267u);
}

TEST_F(CgroupsTest, all_builds_together_weigh_less_than_anything_beside_them) {
    write("/unified/berth-x/cpu.weight", "100");
    write("/unified/berth-x/cpu.idle", "1");
    write("/unified/cgroup.subtree_control", "");
    with_mounts(mount("/unified", "cgroup2", "rw")).make_top(false);
    EXPECT_EQ(read("/unified/berth-x/cpu.idle"), "0");
    EXPECT_EQ(read("/unified/berth-x/cpu.weight").substr(0, 2), "25");
    EXPECT_EQ(read("/unified/cgroup.subtree_control"), "+cpu");

    write("/cpu/berth-x/cpu.shares", "1024");
    with_mounts(mount("/memory", "cgroup", "rw,memory") + mount("/cpu", "cgroup", "rw,cpu,cpuacct"))
        .make_top(true);
    EXPECT_EQ(read("/cpu/berth-x/cpu.shares").substr(0, 3), "256");
    EXPECT_FALSE(fs::exists(root_ + "/cpu/berth-x/cpu.idle")) << "the kernel's to make";
    write("/cpu/berth-x/cpu.idle", "0");
    with_mounts(mount("/memory", "cgroup", "rw,memory") + mount("/cpu", "cgroup", "rw,cpu,cpuacct"))
        .make_top(true);
    EXPECT_EQ(read("/cpu/berth-x/cpu.idle"), "1");
}

TEST_F(CgroupsTest, knows_when_there_are_none) {
    const Cgroups cgroups = with_mounts("30 25 0:26 / /proc rw - proc proc rw\n");
    EXPECT_EQ(cgroups.mode(), CgroupMode::none);
    EXPECT_FALSE(cgroups.has("memory"));
    EXPECT_FALSE(cgroups.limits_swap());
    EXPECT_EQ(cgroups.counts("run").oom_kills, 0u);
    EXPECT_EQ(cgroups.memory("run").limit_bytes, 0u);
    EXPECT_TRUE(cgroups.left_behind().empty());
}

TEST_F(CgroupsTest, removes_groups_and_those_below) {
    fs::create_directories(root_ + "/unified/berth-x/run/inner/deep");
    const Cgroups cgroups = with_mounts(mount("/unified", "cgroup2", "rw"));
    EXPECT_TRUE(cgroups.remove("run"));
    EXPECT_FALSE(fs::exists(root_ + "/unified/berth-x/run"));
    EXPECT_TRUE(cgroups.remove("run"));  // no error when there is none
}

}  // namespace
}  // namespace berth::engines

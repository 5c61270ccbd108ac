#include "engines/usage.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

/// A /proc of our own: the namespace of a process is the inode of its ns/pid.
class UsageTest : public testing::Test {
protected:
    UsageTest() {
        char name[] = "/tmp/berth-usage-XXXXXX";
        proc_ = ::mkdtemp(name);
        for (const char* space : {"/space", "/elsewhere"})
            std::ofstream(proc_ + space) << "";
    }
    ~UsageTest() override { fs::remove_all(proc_); }

    void process(int pid, const std::string& space, int threads, int anonymous_kib,
                 int part_kib) const {
        const std::string folder = proc_ + "/" + std::to_string(pid);
        fs::create_directories(folder + "/ns");
        fs::create_symlink(proc_ + "/" + space, folder + "/ns/pid");
        std::ofstream(folder + "/status")
            << "Name:\tRssAnon: 7\nVmRSS:\t  999999 kB\nRssAnon:\t  " << anonymous_kib
            << " kB\nRssFile:\t 5000 kB\nRssShmem:\t 1 kB\nThreads:\t" << threads << "\n";
        std::ofstream(folder + "/smaps_rollup")
            << "Rss: 1 kB\nPss: 999999 kB\nPss_Anon:  " << part_kib << " kB\nPss_Shmem: 1 kB\n";
    }

    std::string proc_;
};

TEST_F(UsageTest, sums_up_the_processes_of_a_namespace_and_no_other) {
    process(10, "space", 2, 100, 50);
    process(11, "space", 3, 200, 50);
    process(12, "elsewhere", 50, 10'000, 10'000);
    const Usage usage = usage_of(10, 1 << 20, proc_);
    EXPECT_EQ(usage.tasks, 5u);
    EXPECT_EQ(usage.memory_bytes, 302u * 1024);
}

TEST_F(UsageTest, asks_for_shared_memory_only_when_the_sum_is_too_much) {
    process(10, "space", 1, 1000, 500);
    process(11, "space", 1, 1000, 500);
    EXPECT_EQ(usage_of(10, 2002 * 1024, proc_).memory_bytes, 2002u * 1024);
    EXPECT_EQ(usage_of(10, 2001 * 1024, proc_).memory_bytes, 1002u * 1024);
}

TEST_F(UsageTest, is_nothing_when_the_process_has_gone) {
    EXPECT_EQ(usage_of(10, 0, proc_).tasks, 0u);
}

TEST_F(UsageTest, sees_ourselves) {
    const Usage usage = usage_of(::getpid(), ~0ull);
    EXPECT_GE(usage.tasks, 1u);
    EXPECT_GT(usage.memory_bytes, 0u);
}

}  // namespace
}  // namespace berth::engines

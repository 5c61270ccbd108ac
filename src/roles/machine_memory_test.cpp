#include "roles/machine_memory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace berth::roles {
namespace {

constexpr std::uint64_t gib = 1ull << 30;

TEST(MachineMemory, leaves_a_part_to_others) {
    EXPECT_EQ(memory_for_builds(16 * gib), 14 * gib);
    EXPECT_EQ(memory_for_builds(2 * gib), 2 * gib - (512ull << 20));
    EXPECT_EQ(memory_for_builds(gib / 4), 1u) << "one build is begun all the same";
}

TEST(MachineMemory, knows_the_limit_of_a_container) {
    const auto cgroups = std::filesystem::path(testing::TempDir()) / "berth-machine-memory";
    std::filesystem::create_directories(cgroups / "memory");
    const std::uint64_t whole = read_machine_memory(cgroups);
    EXPECT_GT(whole, 64u << 20);
    std::ofstream(cgroups / "memory.max") << "max\n";
    EXPECT_EQ(read_machine_memory(cgroups), whole);
    std::ofstream(cgroups / "memory.max") << "33554432\n";
    EXPECT_EQ(read_machine_memory(cgroups), 33'554'432u);
    std::filesystem::remove(cgroups / "memory.max");
    std::ofstream(cgroups / "memory/memory.limit_in_bytes") << "16777216\n";
    EXPECT_EQ(read_machine_memory(cgroups), 16'777'216u);
    std::ofstream(cgroups / "memory/memory.limit_in_bytes") << "9223372036854771712\n";
    EXPECT_EQ(read_machine_memory(cgroups), whole) << "v1 says no limit so";
    std::filesystem::remove_all(cgroups);
}

}  // namespace
}  // namespace berth::roles

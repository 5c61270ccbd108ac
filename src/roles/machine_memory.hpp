#pragma once
/// How much memory this machine has, and how much of it builds may have together.

#include <cstdint>
#include <string>

namespace berth::roles {

/// Bytes: of the machine, or of the container that Berth runs in, where `cgroups` (the mount, v2
/// or v1) says so.
std::uint64_t read_machine_memory(const std::string& cgroups);

/// All but an eighth, and but half a GiB at least: that is for edge, api, database and page cache.
std::uint64_t memory_for_builds(std::uint64_t machine_bytes);

}  // namespace berth::roles

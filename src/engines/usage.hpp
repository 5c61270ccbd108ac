#pragma once
/// What a run's processes use together, asked of each of them: for hosts where no cgroup counts it.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace berth::engines {

struct Usage {
    std::uint64_t memory_bytes = 0;  // of their own and shared among them; no pages of files
    std::uint64_t tasks = 0;         // processes and threads
};

/// Of the pid namespace whose first process is `first`. Zeros when it has gone. Memory that
/// processes share after a fork is counted for each until the sum is over `memory_max`; only then
/// is each one's part asked for, which takes the kernel a while. Some milliseconds.
Usage usage_of(pid_t first, std::uint64_t memory_max, const std::string& proc = "/proc");

}  // namespace berth::engines

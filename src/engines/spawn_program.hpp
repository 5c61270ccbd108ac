#pragma once
/// Programs of the launcher that get descriptors of their own (the OCI runtime, slirp4netns), and
/// waiting for a child's end on a loop. For programs with text in and out: base/process.hpp.

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::engines {

struct Program {
    std::vector<std::string> argv{};
    std::vector<std::string> environment{};
    std::vector<int> descriptors{};  // put on 0, 1, 2, 3 …; each above 15 or -1 for /dev/null
};

/// Errors: not_found — no such program.
Result<pid_t> spawn_program(const Program& program);

/// A handle on a process of ours that stays right when its number is used again.
Fd open_process(pid_t pid);

/// Waits until the process has ended; true when it did within `limit`.
Task<bool> ended_within(std::chrono::milliseconds limit, int pidfd);

/// Takes the status of a child that has ended; nothing when it is not our child.
std::optional<int> reap(pid_t pid);

/// Waits for a child's end, takes its status and forgets it.
Task<> bury(pid_t pid, Fd pidfd);

void kill_process(const Fd& pidfd);

/// A pair of connected sockets or a pipe, both above the low numbers and closed on exec.
struct Ends {
    Fd ours;
    Fd theirs;
};
Ends make_socket_pair();
Ends make_pipe_to_read();   // ours is the reading end
Ends make_pipe_to_write();  // ours is the writing end

}  // namespace berth::engines

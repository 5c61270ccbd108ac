#pragma once
/// What all sandboxes and the host take out of one number of the kernel's: how much of it one
/// sandbox may have. The kernel counts these for the maker of a user namespace, which is root for
/// all of them, so that a greedy build would leave nothing for another one nor for the host.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace berth::engines {

struct Share {
    std::string file{};  // of /proc/sys/user
    std::uint64_t most = 0;
};

/// Watchers of files, a sixteenth of the host's each; namespaces of its own, none.
std::vector<Share> shares_of_a_sandbox();

/// Descriptors of one process, so that `processes` of them leave the host three quarters of its
/// own: 4,096 to 65,536.
std::uint64_t descriptors_of_a_process(unsigned processes);

/// Holds the user namespace of `process` to `shares`, whatever runs in it. Kernels that do not
/// count one of them are let be. Blocking: forks, because no thread may enter a user namespace.
/// Errors: unavailable — the kernel refused.
Result<> hold_to_shares(pid_t process, const std::vector<Share>& shares);

}  // namespace berth::engines

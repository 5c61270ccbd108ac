#pragma once
/// The part of the cgroup tree (version 2) that a user was given: a unit of systemd's with
/// Delegate=yes. With it the kernel keeps the limits of builds without root, too.

#include <string>

#include "base/result.hpp"

namespace berth::engines {

/// Makes room for the groups of sandboxes beside this process: moves it into a group of its own
/// below the one it is in, which must be ours to write and have nobody else in it, and lets groups
/// there have memory, pids and, where given, cpu and cpuset. Done already (by the program before
/// this one), it only says where. Before any child is started.
///
/// Shape:  "/user.slice/user-1000.slice/…/berth.service"
/// Errors: unavailable — nothing was delegated; the message says why.
Result<std::string> take_delegated_cgroup(const std::string& self = "/proc/self/cgroup",
                                          const std::string& mountinfo = "/proc/self/mountinfo");

}  // namespace berth::engines

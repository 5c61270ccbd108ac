#pragma once
/// The only privileged part of Berth: it makes volumes and sandboxes for workers, over a unix
/// socket, with the closed verbs of protocol.hpp. Started as root it stays root; started by a user
/// it is root of a user namespace of its own (user_namespace.hpp), and volumes are directories. It
/// reads nothing that a user wrote and takes no path from anybody. Sandboxes of a worker whose
/// connection closed are killed. The worker's end is sandbox_engine.hpp.

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/task.hpp"
#include "engines/reach_policy.hpp"

namespace berth::engines {

struct LauncherConfig {
    Fd listener{};                  // a listening unix stream socket
    std::string state_directory{};  // disk images and uid ranges; made if missing
    /// "/run/berth/<instance>/launcher": made if missing, and a tmpfs of ours is put on it. Every
    /// folder above must be open (o+x) to all. "": one of the machine's that is there for such
    /// things (/mnt), covered in the launcher's own view alone; for users.
    std::string run_directory{};
    std::string instance{};  // names our cgroups; is_name
    /// Who may connect, beside ourselves; as the launcher sees them, to whom of a user's namespace
    /// the numbers are others.
    std::vector<std::uint32_t> allowed_uids{};
    std::uint64_t reserve_bytes = 2ull << 30;  // of the disk below state_directory
    ReachPolicy reach{};
    std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
    /// As root: of the first tenant's range of 65536. A user's come from /etc/subuid.
    std::uint32_t first_uid = 1 << 20;
    std::string runtime = "runc";
    std::size_t prepared_networks = 2;
    std::string cgroups{};          // of a user: the group that was given to it; "" for none
    bool spare_processors = false;  // builds get what nothing else on the machine wants
    bool disk_images = true;  // false: volumes are directories, measured while they are written
};

/// Removes what an earlier launcher of the instance left (processes, cgroups, mounts, loop devices,
/// images), then serves until canceled. Takes the process into a mount namespace of its own: call
/// it from the thread that runs the loop, before other threads are started. Throws: no right to, or
/// the directories cannot be used.
Task<> run_launcher(LauncherConfig config);

}  // namespace berth::engines

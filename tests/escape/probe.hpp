#pragma once
/// One attempt to leave a sandbox or to touch what is not its own. The program that holds them all
/// (main.cpp) runs inside a real sandbox, where none may succeed, and outside of one as root, where
/// most must: a probe that never succeeds anywhere proves nothing.

#include <cerrno>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace berth::escape {

/// What was placed on the machine for the probes to find, by name: "file", "tenant", "socket",
/// "abstract", "pid", "shm", "queue", "word", "state". Given as NAME=VALUE arguments.
using Bait = std::map<std::string, std::string>;

/// Whether it may be tried outside of a sandbox as root: it changes nothing there.
enum class Outside { safe, never };

struct Probe {
    std::string name{};
    std::string success{};            // what is seen when it works
    std::function<bool()> attempt{};  // in a process of its own; true: it worked
    Outside outside = Outside::safe;
};
using Probes = std::vector<Probe>;

/// A system call that must not get past the filter or the first check of rights: whatever the
/// kernel answers but "not allowed" and "no such call" counts as reached.
inline bool reached(long result) {
    return result >= 0 || (errno != EPERM && errno != ENOSYS && errno != EACCES);
}

bool can_open(const std::string& path, int flags);
/// Whether the file can be read and has `word` in its first 64 KiB; "" takes anything.
bool can_read(const std::string& path, const std::string& word = "");

void add_kernel_calls(Probes& probes);
void add_namespaces(Probes& probes);
void add_mounts(Probes& probes);
void add_devices(Probes& probes);
void add_kernel_files(Probes& probes);
void add_rights(Probes& probes);
void add_processes(Probes& probes, const Bait& bait);
void add_sockets(Probes& probes, const Bait& bait);
void add_terminals(Probes& probes);
void add_host_files(Probes& probes, const Bait& bait);

}  // namespace berth::escape

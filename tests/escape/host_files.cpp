// Files of the host and of other tenants, by every way that a name can take.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

std::string at(const Bait& bait, const char* name) {
    const auto found = bait.find(name);
    return found == bait.end() ? std::string() : found->second;
}

bool reads_by_link(const std::string& path, const std::string& word) {
    ::unlink("/tmp/link");
    return ::symlink(path.c_str(), "/tmp/link") == 0 && can_read("/tmp/link", word);
}

bool reads_by_hard_link(const std::string& path, const std::string& word) {
    return ::link(path.c_str(), "/tmp/hard") == 0 && can_read("/tmp/hard", word);
}

bool reads_from_above(const std::string& path, const std::string& word) {
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const std::string up = "../../../../.." + path;
    const int fd = ::openat(root, up.c_str(), O_RDONLY | O_CLOEXEC);
    return fd >= 0 && can_read("/proc/self/fd/" + std::to_string(fd), word);
}

/// By a descriptor that is kept over a change of the working directory.
bool reads_from_kept_folder(const std::string& path, const std::string& word) {
    const int here = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || ::chdir("/") != 0 || ::fchdir(here) != 0) return false;
    return can_read("../../../../../../.." + path, word);
}

}  // namespace

void add_host_files(Probes& probes, const Bait& bait) {
    const std::string word = at(bait, "word");
    struct Place {
        const char* name;
        std::string path;
    };
    const Place baits[] = {{"a file of the host", at(bait, "file")},
                           {"a file of another tenant", at(bait, "tenant")},
                           {"shared memory of the host as a file", at(bait, "shared")}};
    for (const auto& [name, path] : baits) {
        if (path.empty()) continue;
        const std::string what = name;
        const auto add = [&](const std::string& how, std::function<bool()> attempt) {
            probes.push_back({what + how, "its word was read", std::move(attempt)});
        };
        add("", [path, word] { return can_read(path, word); });
        add(", by a symbolic link", [path, word] { return reads_by_link(path, word); });
        add(", by a hard link", [path, word] { return reads_by_hard_link(path, word); });
        add(", from above the root", [path, word] { return reads_from_above(path, word); });
        add(", from a kept folder", [path, word] { return reads_from_kept_folder(path, word); });
        add(", by the root of process 1",
            [path, word] { return can_read("/proc/1/root" + path, word); });
        add(", by its own root", [path, word] { return can_read("/proc/self/root" + path, word); });
        add(", by the folder of process 1",
            [path, word] { return can_read("/proc/1/cwd/../../../.." + path, word); });
    }
    const std::string state = at(bait, "state");
    if (!state.empty()) {
        probes.push_back({"the launcher's folder", "it opened",
                          [state] { return can_open(state, O_RDONLY | O_DIRECTORY); }});
        probes.push_back({"the launcher's folder in the table of mounts", "its name",
                          [state] { return can_read("/proc/self/mountinfo", state); },
                          Outside::never});
    }
    for (const char* path : {"/etc/shadow", "/etc/gshadow", "/etc/sudoers",
                             "/etc/ssh/ssh_host_ed25519_key", "/etc/machine-id", "/etc/fstab",
                             "/boot/grub/grub.cfg", "/var/lib/dpkg/status", "/var/log/dpkg.log"}) {
        probes.push_back({std::string("read ") + path, "there is something in it",
                          [path] { return can_read(path); }});
    }
    for (const char* path : {"/root", "/var/lib/berth", "/var/lib/docker", "/run/berth",
                             "/run/systemd", "/run/user", "/boot", "/mnt", "/media", "/srv",
                             "/lost+found", "/work", "/var/lib", "/etc/ssh", "/etc/berth"}) {
        probes.push_back({std::string("open folder ") + path, "it is there",
                          [path] { return can_open(path, O_RDONLY | O_DIRECTORY); }});
    }
}

}  // namespace berth::escape

// File systems: making them, taking them away, and writing where only the host may.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

bool mounted(const char* source, const char* target, const char* type, unsigned long flags,
             const char* options = "") {
    return ::mount(source, target, type, flags, options) == 0;
}

void add_mount_calls(Probes& probes) {
    struct Wanted {
        const char* name;
        const char* type;
    };
    constexpr Wanted types[] = {
        {"tmpfs", "tmpfs"},           {"proc", "proc"},        {"sysfs", "sysfs"},
        {"cgroup 2", "cgroup2"},      {"devpts", "devpts"},    {"mqueue", "mqueue"},
        {"debugfs", "debugfs"},       {"tracefs", "tracefs"},  {"bpffs", "bpf"},
        {"securityfs", "securityfs"}, {"devtmpfs", "devtmpfs"}};
    for (const Wanted& wanted : types) {
        probes.push_back({std::string("mount: ") + wanted.name, "a file system of that kind",
                          [wanted] { return mounted("none", "/tmp", wanted.type, 0); }});
    }
    probes.push_back({"mount: cgroup 1 with a release agent", "the hierarchy",
                      [] {
                          return mounted("none", "/tmp", "cgroup", 0, "rdma") ||
                                 mounted("none", "/tmp", "cgroup", 0, "none,name=escape");
                      },
                      Outside::never});
    probes.push_back({"mount: overlay", "an overlay over /usr", [] {
                          ::mkdir("/tmp/u", 0700);
                          ::mkdir("/tmp/w", 0700);
                          return mounted("o", "/tmp", "overlay", 0,
                                         "lowerdir=/usr,upperdir=/tmp/u,workdir=/tmp/w");
                      }});
    probes.push_back({"mount: bind /usr elsewhere", "the bind",
                      [] { return mounted("/usr", "/tmp", nullptr, MS_BIND); }});
    probes.push_back({"mount: bind over /proc/self/maps", "the bind",
                      [] { return mounted("/etc/passwd", "/proc/self/maps", nullptr, MS_BIND); }});
    probes.push_back({"mount: change propagation", "shared mounts",
                      [] { return mounted("", "/", nullptr, MS_REC | MS_SHARED); }});
    for (const char* path : {"/", "/usr", "/proc", "/proc/sys", "/dev"}) {
        probes.push_back({std::string("remount writable: ") + path, "the remount",
                          [path] { return mounted("", path, nullptr, MS_REMOUNT | MS_BIND); }});
    }
    for (const char* path : {"/proc", "/usr", "/tmp", "/dev/shm", "/proc/kcore"}) {
        probes.push_back({std::string("unmount ") + path, "it is gone",
                          [path] { return ::umount2(path, MNT_DETACH) == 0; }});
    }
}

void add_new_calls(Probes& probes) {
    const auto call = [&](const char* name, long number, long a, long b, long c, long d, long e) {
        probes.push_back({name, "the kernel looked at the arguments",
                          [=] { return reached(::syscall(number, a, b, c, d, e)); }});
    };
    const auto root = reinterpret_cast<long>("/");
    const auto type = reinterpret_cast<long>("tmpfs");
    const auto empty = reinterpret_cast<long>("");
    call("open_tree", 428, AT_FDCWD, root, 1, 0, 0);
    call("move_mount", 429, AT_FDCWD, root, AT_FDCWD, empty, 0);
    call("fsopen", 430, type, 0, 0, 0, 0);
    call("fsconfig", 431, -1, 6, 0, 0, 0);
    call("fsmount", 432, -1, 0, 0, 0, 0);
    call("fspick", 433, AT_FDCWD, root, 0, 0, 0);
    call("mount_setattr", 442, AT_FDCWD, root, 0, 8, 32);
    call("open_tree_attr", 467, AT_FDCWD, root, 1, 8, 32);
    call("pivot_root", SYS_pivot_root, empty, empty, 0, 0, 0);
    call("chroot", SYS_chroot, root, 0, 0, 0, 0);
}

void add_read_only_places(Probes& probes) {
    for (const char* path : {"/usr/bin/env", "/etc/passwd", "/etc/hosts", "/etc/resolv.conf",
                             "/.berth/init", "/etc/ld.so.cache"}) {
        probes.push_back({std::string("write ") + path, "it opened for writing",
                          [path] { return can_open(path, O_WRONLY); }});
    }
    for (const char* path : {"/x", "/usr/x", "/usr/local/x", "/etc/x", "/opt/x", "/dev/x/y"}) {
        probes.push_back({std::string("make ") + path, "a file that the host would see",
                          [path] { return can_open(path, O_WRONLY | O_CREAT | O_EXCL); },
                          Outside::never});
    }
    probes.push_back({"unnamed file in the root", "it opened",
                      [] { return can_open("/", O_TMPFILE | O_RDWR); }});
    probes.push_back(
        {"change the mode of /usr", "it changed", [] { return ::chmod("/usr", 0755) == 0; }});
    probes.push_back({"touch /usr", "its times changed",
                      [] { return ::utimensat(AT_FDCWD, "/usr/bin", nullptr, 0) == 0; },
                      Outside::never});
    probes.push_back({"rename /etc/passwd", "it moved",
                      [] { return ::rename("/etc/passwd", "/etc/passwd.old") == 0; },
                      Outside::never});
    probes.push_back({"write through the descriptor of a read-only file", "it opened again",
                      [] {
                          const int fd = ::open("/usr/bin/env", O_RDONLY);
                          return can_open("/proc/self/fd/" + std::to_string(fd), O_WRONLY);
                      },
                      Outside::never});
    probes.push_back({"hard link of a host's program", "a name of its own for it",
                      [] {
                          return ::link("/usr/bin/env", "/usr/bin/escape-env") == 0 ||
                                 ::link("/usr/bin/env", "/tmp/env") == 0;
                      },
                      Outside::never});
    probes.push_back({"trusted attribute", "it was set", [] {
                          can_open("/tmp/a", O_CREAT | O_WRONLY);
                          return ::setxattr("/tmp/a", "trusted.overlay.opaque", "y", 1, 0) == 0;
                      }});
}

}  // namespace

void add_mounts(Probes& probes) {
    add_mount_calls(probes);
    add_new_calls(probes);
    add_read_only_places(probes);
}

}  // namespace berth::escape

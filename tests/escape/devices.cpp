// Device nodes: those that may be there, and those that somebody could make.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

struct Node {
    const char* name;
    mode_t kind;
    unsigned major;
    unsigned minor;
};

constexpr Node nodes[] = {
    {"first disk", S_IFBLK, 8, 0},
    {"first virtual disk", S_IFBLK, 254, 0},
    {"first loop disk", S_IFBLK, 7, 0},
    {"memory", S_IFCHR, 1, 1},
    {"kernel's memory", S_IFCHR, 1, 2},
    {"ports", S_IFCHR, 1, 4},
    {"kernel's log", S_IFCHR, 1, 11},
    {"terminal 0", S_IFCHR, 4, 0},
    {"serial line", S_IFCHR, 4, 64},
    {"console", S_IFCHR, 5, 1},
    {"tunnel", S_IFCHR, 10, 200},
    {"FUSE", S_IFCHR, 10, 229},
    {"KVM", S_IFCHR, 10, 232},
    {"loop control", S_IFCHR, 10, 237},
    {"vhost of vsock", S_IFCHR, 10, 241},
    {"processor registers", S_IFCHR, 202, 0},
};

constexpr const char* paths[] = {"/dev/mem",           "/dev/kmem",
                                 "/dev/port",          "/dev/kmsg",
                                 "/dev/loop-control",  "/dev/loop0",
                                 "/dev/sda",           "/dev/vda",
                                 "/dev/nvme0n1",       "/dev/kvm",
                                 "/dev/fuse",          "/dev/net/tun",
                                 "/dev/vsock",         "/dev/vhost-vsock",
                                 "/dev/vhost-net",     "/dev/tty0",
                                 "/dev/tty1",          "/dev/console",
                                 "/dev/ttyS0",         "/dev/cpu/0/msr",
                                 "/dev/dri/card0",     "/dev/nvidia0",
                                 "/dev/userfaultfd",   "/dev/autofs",
                                 "/dev/btrfs-control", "/dev/mapper/control",
                                 "/dev/snapshot",      "/dev/rtc0",
                                 "/dev/uinput",        "/dev/hwrng",
                                 "/dev/mqueue",        "/dev/hugepages"};

bool made_and_opened(const Node& node) {
    const char* path = "/tmp/node";
    if (::mknod(path, node.kind | 0666, makedev(node.major, node.minor)) != 0) return false;
    if (can_open(path, O_RDONLY)) return true;
    return errno != EPERM && errno != EACCES;  // ENXIO: only the hardware is missing
}

}  // namespace

void add_devices(Probes& probes) {
    for (const Node& node : nodes) {
        probes.push_back({std::string("mknod: ") + node.name, "a node that opens",
                          [node] { return made_and_opened(node); }});
    }
    for (const char* path : paths) {
        probes.push_back({std::string("open ") + path, "it is there and opens",
                          [path] { return can_open(path, O_RDONLY); }});
    }
}

}  // namespace berth::escape

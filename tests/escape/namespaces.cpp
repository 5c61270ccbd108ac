// Namespaces of its own (which bring rights over the kernel) and those of others.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "escape/probe.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace berth::escape {
namespace {

struct Kind {
    const char* name;
    long flag;
    const char* file;
};

constexpr Kind kinds[] = {
    {"mount", CLONE_NEWNS, "mnt"},         {"host name", CLONE_NEWUTS, "uts"},
    {"messages", CLONE_NEWIPC, "ipc"},     {"user", CLONE_NEWUSER, "user"},
    {"process", CLONE_NEWPID, "pid"},      {"network", CLONE_NEWNET, "net"},
    {"cgroup", CLONE_NEWCGROUP, "cgroup"}, {"time", CLONE_NEWTIME, "time"},
};

bool cloned(long flags) {
    const long child = ::syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) std::_Exit(0);
    return child > 0;
}

bool cloned_anew(long flags) {
    struct {
        unsigned long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
        unsigned long set_tid, set_tid_size, cgroup;
    } arguments{};
    arguments.flags = static_cast<unsigned long>(flags);
    arguments.exit_signal = SIGCHLD;
    const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) std::_Exit(0);
    return child > 0;
}

bool joined(const std::string& path, long flag) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd >= 0 && reached(::syscall(SYS_setns, fd, flag));
}

}  // namespace

void add_namespaces(Probes& probes) {
    for (const Kind& kind : kinds) {
        const std::string what = kind.name;
        probes.push_back({"unshare: " + what, "a namespace of its own",
                          [kind] { return ::syscall(SYS_unshare, kind.flag) == 0; }});
        if (kind.flag != CLONE_NEWTIME) {  // of clone's flags that one is a signal
            probes.push_back({"clone: " + what, "a child in a namespace of its own",
                              [kind] { return cloned(kind.flag); }});
        }
        probes.push_back({"clone3: " + what, "a child in a namespace of its own",
                          [kind] { return cloned_anew(kind.flag); }});
        const std::string own = std::string("/proc/self/ns/") + kind.file;
        probes.push_back({"setns, its own: " + what, "the kernel looked at the namespace",
                          [own, kind] { return joined(own, kind.flag); }});
        const std::string first = std::string("/proc/1/ns/") + kind.file;
        probes.push_back({"setns, that of process 1: " + what, "the namespace was opened",
                          [first, kind] { return joined(first, kind.flag); }});
    }
    probes.push_back({"clone with bits above the known flags", "a child in a namespace of its own",
                      [] { return cloned(CLONE_NEWUSER | (1L << 32)); }});
    probes.push_back({"all namespaces at once (CVE-2022-0492)", "a user and cgroup namespace",
                      [] { return ::syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWCGROUP) == 0; }});
    probes.push_back({"clone3 into another cgroup", "a child in a cgroup of its choice",
                      [] { return cloned_anew(0x200000000L); }});
}

}  // namespace berth::escape

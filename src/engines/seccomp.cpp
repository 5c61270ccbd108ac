#include "engines/seccomp.hpp"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <vector>

namespace berth::engines {
namespace {

namespace bj = boost::json;

// Not here, and so refused: mount and its new family, unshare, setns, chroot, pivot_root, keyctl,
// add_key, request_key, bpf, perf_event_open, userfaultfd, ptrace, process_vm_*, process_madvise,
// pidfd_getfd, kcmp, kexec, modules, swap, quota, clocks, reboot, open_by_handle_at, fanotify,
// syslog, acct, lookup_dcookie, memfd_secret, sethostname, vhangup, iopl, modify_ldt, uselib.
constexpr const char* allowed[] = {
    // files
    "access", "chdir", "chmod", "chown", "close", "close_range", "copy_file_range", "creat", "dup",
    "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod",
    "fchmodat", "fchmodat2", "fchown", "fchownat", "fcntl", "fdatasync", "fgetxattr", "flistxattr",
    "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat",
    "getcwd", "getdents", "getdents64", "getxattr", "inotify_add_watch", "inotify_init",
    "inotify_init1", "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr",
    "llistxattr", "lremovexattr", "lseek", "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod",
    "mknodat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv", "preadv2",
    "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv",
    "removexattr", "rename", "renameat", "renameat2", "rmdir", "sendfile", "setxattr", "splice",
    "stat", "statfs", "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs", "tee",
    "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes", "vmsplice", "write",
    "writev", "cachestat", "ustat",
    // memory
    "brk", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "mincore", "mlock",
    "mlock2", "mlockall", "mmap", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall",
    "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "remap_file_pages", "get_mempolicy",
    // processes
    "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "getegid", "geteuid",
    "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getresgid",
    "getresuid", "getrlimit", "getrusage", "getsid", "gettid", "getuid", "capget", "capset",
    "ioprio_get", "ioprio_set", "kill", "landlock_add_rule", "landlock_create_ruleset",
    "landlock_restrict_self", "pause", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64",
    "restart_syscall", "rseq", "sched_get_priority_max", "sched_get_priority_min",
    "sched_getaffinity", "sched_getattr", "sched_getparam", "sched_getscheduler",
    "sched_rr_get_interval", "sched_setaffinity", "sched_setattr", "sched_setparam",
    "sched_setscheduler", "sched_yield", "seccomp", "set_robust_list", "get_robust_list",
    "set_thread_area", "get_thread_area", "set_tid_address", "setfsgid", "setfsuid", "setgid",
    "setgroups", "setpgid", "setpriority", "setregid", "setresgid", "setresuid", "setreuid",
    "setrlimit", "setsid", "setuid", "sysinfo", "tgkill", "time", "times", "tkill", "uname",
    "vfork", "wait4", "waitid", "waitpid", "getcpu", "getrandom", "rt_sigaction", "rt_sigpending",
    "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_tgsigqueueinfo", "sigaltstack", "signalfd", "signalfd4",
    // waiting and time
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2", "epoll_wait", "epoll_wait_old",
    "eventfd", "eventfd2", "futex", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake",
    "getitimer", "gettimeofday", "nanosleep", "poll", "ppoll", "pselect6", "select", "setitimer",
    "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
    "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // talking to each other
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
    "msgctl", "msgget", "msgrcv", "msgsnd", "pipe", "pipe2", "recvfrom", "recvmmsg", "recvmsg",
    "semctl", "semget", "semop", "semtimedop", "sendmmsg", "sendmsg", "sendto", "setsockopt",
    "shmat", "shmctl", "shmdt", "shmget", "shutdown"};

constexpr std::uint64_t namespace_flags = 0x00020000 |  // CLONE_NEWNS
                                          0x02000000 |  // CLONE_NEWCGROUP
                                          0x04000000 |  // CLONE_NEWUTS
                                          0x08000000 |  // CLONE_NEWIPC
                                          0x10000000 |  // CLONE_NEWUSER
                                          0x20000000 |  // CLONE_NEWPID
                                          0x40000000 |  // CLONE_NEWNET
                                          0x00000080;   // CLONE_NEWTIME

struct Condition {
    unsigned index;
    std::uint64_t value;
    const char* op;
    std::uint64_t masked = 0;
};

/// For "SCMP_CMP_MASKED_EQ" `value` is the mask and `masked` what it must leave.
bj::object allow(const char* name, std::initializer_list<Condition> conditions) {
    bj::array arguments;
    for (const Condition& condition : conditions) {
        arguments.push_back(bj::object{{"index", condition.index},
                                       {"value", condition.value},
                                       {"valueTwo", condition.masked},
                                       {"op", condition.op}});
    }
    return {{"names", bj::array{name}}, {"action", "SCMP_ACT_ALLOW"}, {"args", arguments}};
}

/// Answered as if the kernel did not have them, so that libraries take their older way.
bj::object unknown(std::initializer_list<const char*> names) {
    bj::array list;
    for (const char* name : names)
        list.emplace_back(name);
    return {{"names", list}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", ENOSYS}};
}

const char* architecture() {
#if defined(__aarch64__)
    return "SCMP_ARCH_AARCH64";
#else
    return "SCMP_ARCH_X86_64";
#endif
}

// TIOCSTI and TIOCLINUX type into a terminal that somebody else reads, TIOCCONS takes the console.
constexpr std::uint64_t refused_ioctls[] = {TIOCSTI, TIOCLINUX, TIOCCONS};
constexpr int ioctl_bits = 16;  // of the number: its letter and its place

/// Allows every request whose lower bits are none of the refused ones, as the fewest prefixes. The
/// kernel looks at the lower half of the argument alone and a comparison at all of it, so "not
/// equal" would let a request with any upper bit through; and a filter has no "not equal" for a
/// part of a number.
void add_ioctls(bj::array& rules, std::uint64_t prefix, int known_bits) {
    const int open_bits = ioctl_bits - known_bits;
    const auto is_below = [&](std::uint64_t request) { return request >> open_bits == prefix; };
    if (std::none_of(std::begin(refused_ioctls), std::end(refused_ioctls), is_below)) {
        const std::uint64_t mask = ((1ull << known_bits) - 1) << open_bits;
        rules.push_back(allow("ioctl", {{1, mask, "SCMP_CMP_MASKED_EQ", prefix << open_bits}}));
    } else if (open_bits > 0) {
        add_ioctls(rules, prefix << 1, known_bits + 1);
        add_ioctls(rules, (prefix << 1) | 1, known_bits + 1);
    }
}

/// TCP and UDP, no other protocol: each is a module that the first socket would load.
void add_internet_sockets(bj::array& rules, std::uint64_t family) {
    constexpr std::uint64_t kind = ~static_cast<std::uint64_t>(SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct Protocol {
        std::uint64_t type;
        std::uint64_t number;
    };
    constexpr Protocol protocols[] = {
        {SOCK_STREAM, 0}, {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, 0}, {SOCK_DGRAM, IPPROTO_UDP}};
    for (const Protocol& protocol : protocols) {
        rules.push_back(allow("socket", {{0, family, "SCMP_CMP_EQ"},
                                         {1, kind, "SCMP_CMP_MASKED_EQ", protocol.type},
                                         {2, protocol.number, "SCMP_CMP_EQ"}}));
    }
}

void add_sockets(bj::array& rules) {
    rules.push_back(allow("socket", {{0, AF_UNIX, "SCMP_CMP_EQ"}}));
    add_internet_sockets(rules, AF_INET);
    add_internet_sockets(rules, AF_INET6);
    constexpr std::uint64_t route = 0;  // NETLINK_ROUTE: which addresses there are
    rules.push_back(allow("socket", {{0, AF_NETLINK, "SCMP_CMP_EQ"}, {2, route, "SCMP_CMP_EQ"}}));
    rules.push_back(allow("socketpair", {{0, AF_UNIX, "SCMP_CMP_EQ"}}));
}

}  // namespace

bj::object seccomp_profile() {
    bj::array names;
    for (const char* name : allowed)
        names.emplace_back(name);
    bj::array rules{bj::object{{"names", names}, {"action", "SCMP_ACT_ALLOW"}}};
    rules.push_back(allow("clone", {{0, namespace_flags, "SCMP_CMP_MASKED_EQ", 0}}));
    add_ioctls(rules, 0, 0);
    for (const std::uint64_t persona : {0x0ull, 0xffffffffull}) {  // the default one, and asking
        rules.push_back(allow("personality", {{0, persona, "SCMP_CMP_EQ"}}));
    }
    add_sockets(rules);
    // Requests of io_setup come out of one number for the whole machine.
    rules.push_back(
        unknown({"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
                 "io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents"}));
    return {{"defaultAction", "SCMP_ACT_ERRNO"},
            {"defaultErrnoRet", EPERM},
            {"architectures", bj::array{architecture()}},
            {"syscalls", rules}};
}

}  // namespace berth::engines

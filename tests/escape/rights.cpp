// Capabilities, other users, limits and priorities.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

struct Capability {
    const char* name;
    int number;
};

constexpr Capability capabilities[] = {
    {"CAP_CHOWN", 0},      {"CAP_DAC_OVERRIDE", 1},  {"CAP_DAC_READ_SEARCH", 2},
    {"CAP_KILL", 5},       {"CAP_SETUID", 7},        {"CAP_SETPCAP", 8},
    {"CAP_NET_ADMIN", 12}, {"CAP_NET_RAW", 13},      {"CAP_SYS_MODULE", 16},
    {"CAP_SYS_RAWIO", 17}, {"CAP_SYS_CHROOT", 18},   {"CAP_SYS_PTRACE", 19},
    {"CAP_SYS_ADMIN", 21}, {"CAP_SYS_RESOURCE", 24}, {"CAP_MKNOD", 27},
    {"CAP_SETFCAP", 31},   {"CAP_PERFMON", 38},      {"CAP_BPF", 39},
};

/// Asks for one capability in all three sets.
bool raised(int number) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    const auto bit = 1u << (number % 32);
    data[number / 32] = {bit, bit, bit};
    return ::syscall(SYS_capset, &header, data) == 0;
}

bool is_in_bounding_set(int number) {
    return ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1;
}

/// Whether a program run so has the effective user 0 of whatever namespace.
bool becomes_root(const char* path) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(0);
        ::execl(path, path, "-u", nullptr);
        std::_Exit(1);
    }
    int status = 0;
    char link[64] = {};
    struct stat info{};
    std::snprintf(link, sizeof link, "/proc/%d", child);
    for (int i = 0; i < 200; ++i) {
        if (::stat(link, &info) == 0 && info.st_uid == 0 && ::geteuid() != 0) return true;
        if (::waitpid(child, &status, WNOHANG) == child) break;
        ::usleep(500);
    }
    return false;
}

bool copied_set_uid() {
    const int from = ::open("/usr/bin/id", O_RDONLY);
    const int to = ::open("/tmp/id", O_WRONLY | O_CREAT | O_TRUNC, 0700);
    struct stat info{};
    if (from < 0 || to < 0 || ::fstat(from, &info) != 0) return false;
    ::copy_file_range(from, nullptr, to, nullptr, static_cast<std::size_t>(info.st_size), 0);
    ::close(to);
    if (::chown("/tmp/id", 0, 0) != 0) return false;
    return ::chmod("/tmp/id", 06755) == 0;
}

bool raised_limit(__rlimit_resource resource) {
    rlimit64 now{};
    if (::getrlimit64(resource, &now) != 0) return false;
    if (now.rlim_max == RLIM64_INFINITY) return true;
    const rlimit64 more{now.rlim_max + 1, now.rlim_max + 1};
    return ::setrlimit64(resource, &more) == 0;
}

void add_users(Probes& probes) {
    const auto add = [&](const char* name, std::function<bool()> attempt) {
        probes.push_back({name, "the call came back with success", std::move(attempt)});
    };
    add("setuid 0", [] { return ::setuid(0) == 0; });
    add("setreuid 0", [] { return ::setreuid(0, 0) == 0; });
    add("setresuid 0", [] { return ::setresuid(0, 0, 0) == 0; });
    add("setgid 0", [] { return ::setgid(0) == 0; });
    add("setresgid 0", [] { return ::setresgid(0, 0, 0) == 0; });
    add("setgroups", [] {
        const gid_t group = 0;
        return ::setgroups(1, &group) == 0;
    });
    add("setfsuid 0", [] {
        ::setfsuid(0);
        return ::setfsuid(0) == 0;
    });
    add("chown to root", [] {
        can_open("/tmp/mine", O_CREAT | O_WRONLY);
        return ::chown("/tmp/mine", 0, 0) == 0 && ::chmod("/tmp/mine", 04755) == 0;
    });
    add("a set-uid copy that is root's", copied_set_uid);
    for (const char* path : {"/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount",
                             "/usr/bin/newuidmap", "/usr/bin/chsh"}) {
        probes.push_back({std::string("set-uid program ") + path, "it ran as root",
                          [path] { return becomes_root(path); }, Outside::never});
    }
    probes.push_back({"capabilities of a file", "they were set", [] {
                          can_open("/tmp/capable", O_CREAT | O_WRONLY);
                          const unsigned data[5] = {0x02000001, 0xffffffff, 0, 0xffffffff, 0};
                          return ::setxattr("/tmp/capable", "security.capability", data,
                                            sizeof data, 0) == 0;
                      }});
}

void add_limits(Probes& probes) {
    struct Limit {
        const char* name;
        __rlimit_resource resource;
    };
    constexpr Limit limits[] = {{"descriptors", RLIMIT_NOFILE},
                                {"locked memory", RLIMIT_MEMLOCK},
                                {"core files", RLIMIT_CORE},
                                {"messages", RLIMIT_MSGQUEUE},
                                {"priority", RLIMIT_NICE},
                                {"real-time priority", RLIMIT_RTPRIO},
                                {"queued signals", RLIMIT_SIGPENDING}};
    for (const Limit& limit : limits) {
        const auto resource = limit.resource;
        probes.push_back({std::string("raise a limit: ") + limit.name, "more than before, or none",
                          [resource] { return raised_limit(resource); }});
    }
    probes.push_back({"a higher priority", "nice went down", [] {
                          errno = 0;
                          return ::nice(-5) != -1 || errno == 0;
                      }});
    for (const int policy : {SCHED_FIFO, SCHED_RR}) {
        probes.push_back({policy == SCHED_FIFO ? "real-time, in order" : "real-time, in turn",
                          "the policy was taken", [policy] {
                              const sched_param wanted{.sched_priority = 10};
                              return ::sched_setscheduler(0, policy, &wanted) == 0;
                          }});
    }
    probes.push_back({"deadlines for processor time", "the policy was taken", [] {
                          struct {
                              unsigned size, policy;
                              unsigned long flags;
                              int nice;
                              unsigned priority;
                              unsigned long runtime, deadline, period;
                          } wanted{48, 6, 0, 0, 0, 10'000'000, 30'000'000, 30'000'000};
                          return ::syscall(SYS_sched_setattr, 0, &wanted, 0) == 0;
                      }});
    probes.push_back({"real-time priority of the disk", "the class was taken",
                      [] { return ::syscall(SYS_ioprio_set, 1, 0, (1 << 13) | 0) == 0; }});
    probes.push_back({"a page at address 0", "it was mapped", [] {
                          return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                        MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
                                        0) != MAP_FAILED;
                      }});
    probes.push_back({"256 MiB locked in memory", "they were locked", [] {
                          constexpr std::size_t bytes = 256 << 20;
                          void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                          return ::mlock(memory, bytes) == 0;
                      }});
    probes.push_back({"huge pages", "a segment of them",
                      [] {
                          return ::mmap(nullptr, 2 << 20, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
                                        0) != MAP_FAILED;
                      },
                      Outside::never});
}

}  // namespace

void add_rights(Probes& probes) {
    for (const Capability& capability : capabilities) {
        const int number = capability.number;
        probes.push_back({std::string("raise ") + capability.name, "capset took it",
                          [number] { return raised(number); }});
    }
    probes.push_back({"any capability in the bounding set", "one of them", [] {
                          for (int number = 0; number < 41; ++number) {
                              if (is_in_bounding_set(number)) return true;
                          }
                          return false;
                      }});
    probes.push_back({"ambient capability", "prctl took it",
                      [] { return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) == 0; },
                      Outside::never});
    probes.push_back({"new privileges by a program", "no_new_privs is off",
                      [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0; }});
    probes.push_back({"no filter of system calls", "seccomp is off",
                      [] { return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0; }});
    probes.push_back({"secure bits", "prctl took them",
                      [] { return ::prctl(PR_SET_SECUREBITS, 1, 0, 0, 0) == 0; }});
    probes.push_back({"the memory map of its own process", "prctl took it",
                      [] { return reached(::prctl(PR_SET_MM, PR_SET_MM_BRK, 8, 0, 0)); }});
    add_users(probes);
    add_limits(probes);
}

}  // namespace berth::escape

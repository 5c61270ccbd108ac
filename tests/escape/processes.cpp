// Other processes and what they share: signals, memory, messages, descriptors, variables.
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>

#include "escape/probe.hpp"

extern char** environ;

namespace berth::escape {
namespace {

std::string at(const Bait& bait, const char* name) {
    const auto found = bait.find(name);
    return found == bait.end() ? std::string() : found->second;
}

/// Whether /proc has the bait's process: it alone has "BAIT=" before the word.
bool sees_process(const std::string& word) {
    DIR* folder = ::opendir("/proc");
    while (const dirent* item = folder == nullptr ? nullptr : ::readdir(folder)) {
        if (std::isdigit(static_cast<unsigned char>(item->d_name[0])) == 0) continue;
        for (const char* file : {"/cmdline", "/environ"}) {
            if (can_read(std::string("/proc/") + item->d_name + file, "BAIT=" + word)) return true;
        }
    }
    return false;
}

/// Descriptors beyond the three streams that were open when the program started.
bool inherited_any() {
    for (int fd = 3; fd < 1024; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) return true;
    }
    return false;
}

bool leads_outside(int fd) {
    const std::string up = "/proc/self/fd/" + std::to_string(fd) + "/../../../../etc/shadow";
    return can_read(up, "root:");
}

bool knows_a_credential() {
    for (char** item = environ; *item != nullptr; ++item) {
        const std::string variable = *item;
        for (const char* part : {"BERTH_", "TOKEN", "SECRET", "PASSWORD", "AWS_", "wkt_", "tok_",
                                 "SSH_", "DATABASE"}) {
            if (variable.find(part) != std::string::npos) return true;
        }
    }
    return false;
}

bool shows_parents_cgroup() {
    const int fd = ::open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    char text[4096] = {};
    const ssize_t count = fd < 0 ? -1 : ::read(fd, text, sizeof text - 1);
    return count > 0 && std::string(text).find("/berth-") != std::string::npos;
}

}  // namespace

void add_processes(Probes& probes, const Bait& bait) {
    const auto add = [&](const char* name, const char* success, std::function<bool()> attempt,
                         Outside outside = Outside::safe) {
        probes.push_back({name, success, std::move(attempt), outside});
    };
    const pid_t pid = std::atoi(at(bait, "pid").c_str());
    if (pid > 1) {
        add("signal to a process of the host", "it is there",
            [pid] { return ::kill(pid, 0) == 0; });
        add("descriptor of a process of the host", "it opened",
            [pid] { return ::syscall(SYS_pidfd_open, pid, 0) >= 0; });
        add("limits of a process of the host", "they were shown",
            [pid] { return ::syscall(SYS_prlimit64, pid, 7, nullptr, nullptr) == 0; });
        add("priority of a process of the host", "it was shown",
            [pid] { return ::syscall(SYS_sched_getscheduler, pid) >= 0; });
        add("folder of a process of the host", "it opened",
            [pid] { return can_open("/proc/" + std::to_string(pid) + "/status", O_RDONLY); });
    }
    const std::string word = at(bait, "word");
    if (!word.empty()) {
        add("a process of the host in /proc", "its word", [word] { return sees_process(word); });
    }
    add("a dozen processes in /proc", "more than a sandbox has", [] {
        int count = 0;
        DIR* folder = ::opendir("/proc");
        while (const dirent* item = folder == nullptr ? nullptr : ::readdir(folder))
            count += std::isdigit(static_cast<unsigned char>(item->d_name[0])) != 0;
        return count > 12;
    });
    add("memory of process 1", "it opened", [] { return can_open("/proc/1/mem", O_RDONLY); });
    add("program of process 1 (CVE-2019-5736)", "it opened",
        [] { return can_open("/proc/1/exe", O_RDONLY); });
    add(
        "signal to the group of process 1", "taken",
        [] { return ::kill(-1, 0) == 0 && ::getpgid(1) != 1; }, Outside::never);
    add("descriptors from outside (CVE-2024-21626)", "one is open", inherited_any);
    for (int fd = 0; fd < 10; ++fd) {
        add(("out by way of descriptor " + std::to_string(fd)).c_str(), "the host's secrets",
            [fd] { return leads_outside(fd); }, Outside::never);
    }
    add("credentials in the environment", "a variable", knows_a_credential);
    add("the host's path of its cgroup", "it was shown", shows_parents_cgroup, Outside::never);

    const std::string key_text = at(bait, "shm");
    if (!key_text.empty()) {
        const auto key = static_cast<key_t>(std::atol(key_text.c_str()));
        add("shared memory of the host", "it is there", [key] { return ::shmget(key, 0, 0) >= 0; });
        add("semaphores of the host", "they are there", [key] { return ::semget(key, 0, 0) >= 0; });
        add("messages of the host", "they are there", [key] { return ::msgget(key, 0) >= 0; });
    }
    const std::string queue = at(bait, "queue");
    if (!queue.empty()) {
        add("message queue of the host", "it opened",
            [queue] { return ::mq_open(queue.c_str(), O_RDONLY) != static_cast<mqd_t>(-1); });
    }
    add("any shared memory", "a segment",
        [] { return can_read("/proc/sysvipc/shm", "\n         "); });
    add(
        "a core file", "it was written",
        [] {
            const pid_t child = ::fork();
            if (child == 0) {
                if (::chdir("/tmp") != 0) std::_Exit(1);
                ::kill(::getpid(), SIGSEGV);
                std::_Exit(1);
            }
            ::usleep(100'000);
            return can_open("/tmp/core", O_RDONLY) ||
                   can_open("/tmp/core." + std::to_string(child), O_RDONLY);
        },
        Outside::never);
}

}  // namespace berth::escape

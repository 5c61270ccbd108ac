// usage: berth_escape [NAME=VALUE…]            inside a sandbox
//        berth_escape --outside [NAME=VALUE…]  as root, in namespaces of its own: only safe probes
// One line per probe: "refused NAME", "POSSIBLE NAME: SUCCESS" or "skipped NAME"; then the counts.
// Static, so that it runs wherever a tenant could run a program.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "escape/probe.hpp"

namespace berth::escape {
namespace {

constexpr unsigned seconds_max = 5;  // one probe
constexpr int worked = 42;

/// Mounts, names and messages made by a probe stay with it.
void step_aside() {
    if (::unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET) != 0 ||
        ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID, "size=16m") != 0) {
        std::perror("namespaces of its own");
        std::_Exit(1);
    }
}

bool works(const Probe& probe, bool outside) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(seconds_max);
        const rlimit no_core{};
        ::setrlimit(RLIMIT_CORE, &no_core);
        if (outside) step_aside();
        errno = 0;
        std::_Exit(probe.attempt() ? worked : 0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == worked;
}

int run(const Probes& probes, bool outside) {
    int refused = 0;
    int possible = 0;
    int skipped = 0;
    for (const Probe& probe : probes) {
        if (outside && probe.outside == Outside::never) {
            ++skipped;
            std::printf("skipped %s\n", probe.name.c_str());
        } else if (works(probe, outside)) {
            ++possible;
            std::printf("POSSIBLE %s: %s\n", probe.name.c_str(), probe.success.c_str());
        } else {
            ++refused;
            std::printf("refused %s\n", probe.name.c_str());
        }
    }
    std::printf("probes %d refused %d possible %d skipped %d\n", refused + possible + skipped,
                refused, possible, skipped);
    return 0;
}

}  // namespace

bool can_open(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return false;
    ::close(fd);
    return true;
}

bool can_read(const std::string& path, const std::string& word) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return false;
    std::string text(64 * 1024, '\0');
    const ssize_t count = ::read(fd, text.data(), text.size());
    ::close(fd);
    if (count <= 0) return false;
    text.resize(static_cast<std::size_t>(count));
    return text.find(word) != std::string::npos;
}

}  // namespace berth::escape

int main(int argc, char** argv) {
    using namespace berth::escape;
    bool outside = false;
    Bait bait;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const std::size_t equals = argument.find('=');
        if (argument == "--outside") {
            outside = true;
        } else if (equals != std::string::npos) {
            bait[argument.substr(0, equals)] = argument.substr(equals + 1);
        }
    }
    Probes probes;
    add_kernel_calls(probes);
    add_namespaces(probes);
    add_mounts(probes);
    add_devices(probes);
    add_kernel_files(probes);
    add_rights(probes);
    add_processes(probes, bait);
    add_sockets(probes, bait);
    add_terminals(probes);
    add_host_files(probes, bait);
    return run(probes, outside);
}

#include "engines/shares.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/file.hpp"

namespace berth::engines {
namespace {

constexpr std::uint64_t sandboxes_at_most_half = 16;
constexpr std::uint64_t watchers_min = 4;
constexpr std::uint64_t watched_min = 1024;
constexpr std::uint64_t descriptors_min = 4096;
constexpr std::uint64_t descriptors_max = 65536;

std::optional<std::uint64_t> kernel_number(const char* path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    if (file >> number) return number;
    return std::nullopt;
}

void add_share(std::vector<Share>& shares, const char* file, const char* of_the_host,
               std::uint64_t least) {
    const auto all = kernel_number(of_the_host);
    if (all) shares.push_back({file, std::max(*all / sandboxes_at_most_half, least)});
}

}  // namespace

std::vector<Share> shares_of_a_sandbox() {
    std::vector<Share> shares;
    add_share(shares, "max_inotify_instances", "/proc/sys/fs/inotify/max_user_instances",
              watchers_min);
    add_share(shares, "max_inotify_watches", "/proc/sys/fs/inotify/max_user_watches", watched_min);
    // A second fence behind the filter of system calls.
    for (const char* kind : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
        shares.push_back({fmt::format("max_{}_namespaces", kind), 0});
    }
    return shares;
}

std::uint64_t descriptors_of_a_process(unsigned processes) {
    constexpr std::uint64_t part = 4;
    const std::uint64_t all = kernel_number("/proc/sys/fs/file-max").value_or(0);
    const std::uint64_t even = all / part / std::max(processes, 1u);
    return std::clamp(even, descriptors_min, descriptors_max);
}

Result<> hold_to_shares(pid_t process, const std::vector<Share>& shares) {
    // After the fork only system calls may follow, so that everything is ready before.
    struct Line {
        std::string path;
        std::string value;
    };
    std::vector<Line> lines;
    lines.reserve(shares.size());
    for (const Share& share : shares)
        lines.push_back({"/proc/sys/user/" + share.file, std::to_string(share.most)});
    const Fd space(::open(fmt::format("/proc/{}/ns/user", process).c_str(), O_RDONLY | O_CLOEXEC));
    if (!space) return fail(Failure::unavailable, "the sandbox's user namespace has gone");

    const pid_t child = ::fork();
    if (child < 0) return fail(Failure::unavailable, "cannot fork: {}", std::strerror(errno));
    if (child == 0) {
        if (::setns(space.get(), CLONE_NEWUSER) != 0) ::_exit(1);
        for (const Line& line : lines) {
            const int file = ::open(line.path.c_str(), O_WRONLY | O_CLOEXEC);
            if (file < 0 && errno == ENOENT) continue;
            const auto size = static_cast<ssize_t>(line.value.size());
            if (file < 0 || ::write(file, line.value.data(), line.value.size()) != size) ::_exit(2);
            ::close(file);
        }
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return fail(Failure::unavailable, "the kernel does not take limits of user namespaces");
}

}  // namespace berth::engines

#include "engines/spawn_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include "base/process.hpp"

namespace berth::engines {
namespace {

constexpr int lowest_descriptor = 16;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts)
        list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

Fd lift(int number) {
    const Fd low(number);
    Fd high(::fcntl(number, F_DUPFD_CLOEXEC, lowest_descriptor));
    if (!high) throw_errno("duplicate a descriptor");
    return high;
}

}  // namespace

Result<pid_t> spawn_program(const Program& program) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (std::size_t i = 0; i < program.descriptors.size(); ++i) {
        const int target = static_cast<int>(i);
        if (program.descriptors[i] < 0) {
            posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0);
        } else {
            posix_spawn_file_actions_adddup2(&actions, program.descriptors[i], target);
        }
    }
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    const std::string path = program_path(program.argv[0], program.environment);
    const std::vector<char*> argv = pointers(program.argv);
    const std::vector<char*> environment = pointers(program.environment);
    pid_t pid = -1;
    const int refused =
        ::posix_spawn(&pid, path.c_str(), &actions, &attributes, argv.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (refused == 0) return pid;
    return fail(Failure::not_found, "cannot start {}: {}", program.argv[0],
                std::generic_category().message(refused));
}

Fd open_process(pid_t pid) {
    return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

Task<bool> ended_within(std::chrono::milliseconds limit, int pidfd) {
    const auto here = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor process(here);
    process.assign(::fcntl(pidfd, F_DUPFD_CLOEXEC, lowest_descriptor));
    asio::steady_timer clock(here, limit);
    auto race = asio::experimental::make_parallel_group(
        process.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred),
        clock.async_wait(asio::deferred));
    const auto ended =
        co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    co_return std::get<0>(ended)[0] == 0 && !std::get<1>(ended);
}

std::optional<int> reap(pid_t pid) {
    int status = 0;
    pid_t reaped = -1;
    do {
        reaped = ::waitpid(pid, &status, WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped != pid) return std::nullopt;
    return status;
}

Task<> bury(pid_t pid, Fd pidfd) {
    constexpr auto look_again = std::chrono::minutes(10);
    while (true) {  // ends with the process
        const bool ended = co_await ended_within(look_again, pidfd.get());
        if (ended) break;
    }
    reap(pid);
}

void kill_process(const Fd& pidfd) {
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

Ends make_socket_pair() {
    int ends[2] = {};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_errno("socketpair");
    Fd ours = lift(ends[0]);
    return {std::move(ours), lift(ends[1])};
}

Ends make_pipe_to_read() {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    Fd ours = lift(ends[0]);
    return {std::move(ours), lift(ends[1])};
}

Ends make_pipe_to_write() {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    Fd theirs = lift(ends[0]);
    return {lift(ends[1]), std::move(theirs)};
}

}  // namespace berth::engines

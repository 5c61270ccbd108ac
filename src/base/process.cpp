#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <ranges>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/start_process.hpp"
#include "base/workers.hpp"

namespace berth {
namespace {

struct Pipe {
    Fd reading;
    Fd writing;
};

Pipe make_pipe() {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// What one started program is connected to.
struct Child {
    pid_t pid = -1;
    Fd input;
    Fd output;
    Fd errors;
};

Result<Child> start(const Command& command) {
    Pipe in = make_pipe();
    Pipe out = make_pipe();
    Pipe err = make_pipe();

    const Result<pid_t> pid =
        start_process(command, in.reading.get(), out.writing.get(), err.writing.get());
    if (!pid) return pid.error();
    return Child{*pid, std::move(in.writing), std::move(out.reading), std::move(err.reading)};
}

/// Takes what is there; closes the pipe at its end.
void drain(Fd& pipe, std::string& into, std::size_t bytes_max) {
    std::array<char, 16384> buffer{};
    const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
        pipe.reset(-1);
        return;
    }
    const std::size_t room = bytes_max - std::min(bytes_max, into.size());
    into.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
}

/// Feeds and reads until both outputs are closed or the deadline passes.
bool converse(Child& child, const Command& command, Ended& ended, std::int64_t deadline_ms) {
    std::string_view input = command.input;
    if (input.empty()) child.input.reset(-1);
    if (child.input) ::fcntl(child.input.get(), F_SETFL, O_NONBLOCK);
    while (child.output || child.errors) {  // ends when both close, or at the deadline
        const std::int64_t left = deadline_ms - steady_now_ms();
        if (left <= 0) return false;
        std::array<pollfd, 3> waits{{{child.output.get(), POLLIN, 0},
                                     {child.errors.get(), POLLIN, 0},
                                     {child.input.get(), POLLOUT, 0}}};
        const int ready = ::poll(waits.data(), waits.size(),
                                 static_cast<int>(std::min<std::int64_t>(left, 1000)));
        if (ready < 0 && errno != EINTR) throw_errno("poll");
        if (ready <= 0) continue;
        if (waits[0].revents != 0) drain(child.output, ended.output, command.output_bytes_max);
        if (waits[1].revents != 0) drain(child.errors, ended.errors, command.output_bytes_max);
        if (waits[2].revents != 0) {
            const ssize_t count = ::write(child.input.get(), input.data(), input.size());
            if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
            const bool gone = count < 0 && errno != EAGAIN && errno != EINTR;
            if (gone || input.empty()) child.input.reset(-1);
        }
    }
    return true;
}

}  // namespace

Result<Ended> run_blocking(const Command& command, std::chrono::milliseconds limit) {
    const std::int64_t deadline_ms = steady_now_ms() + limit.count();
    Result<Child> child = start(command);
    if (!child) return child.error();
    Ended ended;
    const bool in_time = converse(*child, command, ended, deadline_ms);
    int status = 0;
    bool reaped = false;
    while (in_time && !reaped &&
           steady_now_ms() < deadline_ms) {  // closed its outputs, still there
        reaped = ::waitpid(child->pid, &status, WNOHANG) == child->pid;
        if (!reaped) ::poll(nullptr, 0, 1);
    }
    if (!reaped) {
        ::kill(-child->pid, SIGKILL);
        while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
        }
        return fail(Failure::timed_out, "{} did not end within {} ms", command.argv[0],
                    limit.count());
    }
    ended.exit_code = exit_code_of(status);
    return ended;
}

Task<Result<Ended>> run(Command command, std::chrono::milliseconds limit) {
    // Few programs run at a time: a thread each is simpler than signals, and just as quick.
    static Workers threads(8);
    const auto work = [command = std::move(command), limit] {
        return run_blocking(command, limit);
    };
    co_return co_await threads.run(work);
}

std::string program_path(const std::string& name, const std::vector<std::string>& environment) {
    constexpr std::string_view key = "PATH=";
    const auto path = std::ranges::find_if(
        environment, [&](const std::string& each) { return each.starts_with(key); });
    if (name.contains('/')) return name;
    if (path == environment.end()) return "";
    for (const auto part : std::views::split(std::string_view(*path).substr(key.size()), ':')) {
        std::string candidate = fmt::format("{}/{}", std::string_view(part), name);
        // A relative part would be of the directory that the program starts in: never looked in.
        const bool runs = candidate.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0;
        if (runs && std::filesystem::is_regular_file(candidate)) return candidate;
    }
    return "";
}

std::vector<std::string> plain_environment() {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/nonexistent", "LANG=C.UTF-8"};
}

}  // namespace berth

#include "roles/supervisor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace berth::roles {
namespace {

constexpr std::int64_t pause_min_ms = 50;
constexpr std::int64_t pause_max_ms = 5'000;
constexpr std::int64_t steady_ms = 10'000;  // who ran that long starts again at once
constexpr std::int64_t end_ms = 15'000;

std::string describe(int status) {
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

int wait_for_signal(std::int64_t ms) {
    sigset_t ours;
    sigemptyset(&ours);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&ours, signal);
    const timespec limit{ms / 1000, (ms % 1000) * 1'000'000};
    const int got = ::sigtimedwait(&ours, nullptr, &limit);
    return got < 0 ? 0 : got;
}

Fd own_program() {
    Fd program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!program) throw_errno("open our own binary");
    return program;
}

void Supervisor::add(ChildSpec spec) {
    children_.push_back({.spec = std::move(spec)});
}

Supervisor::Once Supervisor::run_once(ChildSpec spec) {
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("pipe");
    Fd reading(ends[0]);
    Fd writing(ends[1]);
    spec.descriptors.push_back(writing.get());
    const pid_t pid = start_child(spec, program_);
    writing.reset(-1);
    Once once;
    std::array<char, 4096> buffer{};
    while (true) {  // ends when the child has closed its end
        const ssize_t count = ::read(reading.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        once.output.append(buffer.data(), static_cast<std::size_t>(count));
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    once.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return once;
}

void Supervisor::start_due() {
    const std::int64_t now = steady_now_ms();
    for (Child& child : children_) {
        if (child.pid > 0 || child.start_at_ms > now) continue;
        child.pid = start_child(child.spec, program_);
        child.started_ms = now;
        log::info("role started", {{"child", child.spec.role}, {"pid", child.pid}});
    }
}

void Supervisor::reap() {
    int status = 0;
    while (true) {  // ends when nobody else has ended
        const pid_t ended = ::waitpid(-1, &status, WNOHANG);
        if (ended <= 0) return;
        const auto child = std::ranges::find(children_, ended, &Child::pid);
        if (child == children_.end()) continue;
        const std::int64_t now = steady_now_ms();
        const bool steady = now - child->started_ms > steady_ms;
        child->pid = -1;
        child->pause_ms =
            steady ? pause_min_ms : std::clamp(child->pause_ms * 2, pause_min_ms, pause_max_ms);
        child->start_at_ms = now + child->pause_ms;
        log::warning("role ended; it is started again", {{"child", child->spec.role},
                                                         {"how", describe(status)},
                                                         {"pause_ms", child->pause_ms}});
    }
}

void Supervisor::poll_due() {
    const std::int64_t now = steady_now_ms();
    std::erase_if(polls_, [now](Poll& poll) {
        if (poll.due_ms > now) return false;
        poll.due_ms = now + poll.every_ms;
        return !poll.poll();
    });
}

std::int64_t Supervisor::next_due_in() const {
    const std::int64_t now = steady_now_ms();
    std::int64_t soonest = 60'000;
    for (const Child& child : children_) {
        if (child.pid <= 0) soonest = std::min(soonest, child.start_at_ms - now);
    }
    for (const Poll& poll : polls_)
        soonest = std::min(soonest, poll.due_ms - now);
    return std::max<std::int64_t>(1, soonest);
}

int Supervisor::run() {
    while (true) {  // ends with a signal
        start_due();
        poll_due();
        const int signal = wait_for_signal(next_due_in());
        if (signal == SIGTERM || signal == SIGINT) break;
        reap();
    }
    end_all();
    return 0;
}

void Supervisor::end_all() {
    log::info("stopping", {});
    for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
        if (child->pid > 0) ::kill(child->pid, SIGTERM);
        const std::int64_t deadline = steady_now_ms() + end_ms;
        while (child->pid > 0) {  // ends when it is reaped
            int status = 0;
            const pid_t ended = ::waitpid(child->pid, &status, WNOHANG);
            if (ended == child->pid || (ended < 0 && errno == ECHILD)) {
                child->pid = -1;
            } else if (steady_now_ms() > deadline) {
                ::kill(child->pid, SIGKILL);
            }
            if (child->pid > 0) wait_for_signal(100);
        }
    }
}

}  // namespace berth::roles

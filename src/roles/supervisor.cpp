#include "roles/supervisor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "roles/role_config.hpp"

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
        if (child.pid > 0 || child.held || child.start_at_ms > now) continue;
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
        const auto gone = std::ranges::find(leaving_, ended, &Leaving::pid);
        if (gone != leaving_.end()) {
            log::info("a replaced role has ended",
                      {{"child", gone->role}, {"pid", gone->pid}, {"how", describe(status)}});
            leaving_.erase(gone);
            continue;
        }
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
        if (child.pid <= 0 && !child.held) soonest = std::min(soonest, child.start_at_ms - now);
    }
    for (const Poll& poll : polls_)
        soonest = std::min(soonest, poll.due_ms - now);
    return std::max<std::int64_t>(1, soonest);
}

int Supervisor::run() {
    while (!stop_asked_) {
        start_due();
        poll_due();
        const int signal = wait_for_signal(hangup_asked_ ? 1 : next_due_in());
        if (signal == SIGTERM || signal == SIGINT) break;
        reap();
        const bool hangup = signal == SIGHUP || std::exchange(hangup_asked_, false);
        if (hangup && hangup_) hangup_();
    }
    end_all();
    return 0;
}

Supervisor::Child* Supervisor::find(const std::string& role) {
    const auto found = std::ranges::find_if(
        children_, [&](const Child& child) { return child.spec.role == role; });
    return found == children_.end() ? nullptr : &*found;
}

bool Supervisor::adopt(const std::string& role, pid_t pid) {
    Child* const child = find(role);
    if (child == nullptr || child->pid > 0) return false;
    child->pid = pid;
    child->started_ms = steady_now_ms();
    return true;
}

bool Supervisor::is_leaving(const std::string& role) const {
    return std::ranges::find(leaving_, role, &Leaving::role) != leaving_.end();
}

void Supervisor::signal_leaving(const std::string& role, int signal) const {
    for (const Leaving& process : leaving_) {
        if (process.role == role) ::kill(process.pid, signal);
    }
}

void Supervisor::end_leaving(const std::string& role, std::chrono::milliseconds limit) {
    const auto gone = [&] { return !is_leaving(role); };
    signal_leaving(role, SIGTERM);
    if (wait_until(gone, steady_now_ms() + limit.count())) return;
    signal_leaving(role, SIGKILL);
    wait_until(gone, steady_now_ms() + end_ms);
}

void Supervisor::hold(const std::string& role) {
    if (Child* const child = find(role)) child->held = true;
}

void Supervisor::release(const std::string& role) {
    if (Child* const child = find(role)) child->held = false;
}

/// False: the deadline passed. What ends meanwhile is reaped; a signal to stop is kept for run().
bool Supervisor::wait_until(const std::function<bool()>& true_now, std::int64_t deadline_ms) {
    constexpr std::int64_t look_again_ms = 20;
    while (true) {  // ends with what is waited for, or at the deadline
        reap();
        if (true_now()) return true;
        const std::int64_t left = deadline_ms - steady_now_ms();
        if (left <= 0) return false;
        const int signal = wait_for_signal(std::min(left, look_again_ms));
        if (signal == SIGTERM || signal == SIGINT) stop_asked_ = true;
        if (signal == SIGHUP) hangup_asked_ = true;
    }
}

Result<> Supervisor::start_and_wait(const std::string& role, std::chrono::milliseconds limit) {
    Child* const child = find(role);
    if (child == nullptr) return fail(Failure::not_found, "there is no role {}", role);
    int ends[2] = {};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw_errno("pipe");
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    ChildSpec spec = child->spec;
    spec.environment.push_back(
        fmt::format("{}={}", ready_variable, first_descriptor + spec.descriptors.size()));
    spec.descriptors.push_back(writing.get());
    child->pid = start_child(spec, program_);
    child->started_ms = steady_now_ms();
    const pid_t pid = child->pid;
    writing.reset(-1);
    log::info("role started", {{"child", role}, {"pid", pid}});
    bool ready = false;
    const auto over = [&] {
        char word = 0;
        ready = ready || ::read(reading.get(), &word, 1) == 1;
        return ready || child->pid != pid || stop_asked_;
    };
    const bool in_time = wait_until(over, steady_now_ms() + limit.count());
    if (ready) return {};
    if (child->pid != pid) return fail(Failure::unavailable, "the new {} has ended", role);
    child->pid = -1;
    see_off(role, pid);
    ::kill(pid, SIGTERM);
    if (in_time) return fail(Failure::unavailable, "Berth was told to stop");
    return fail(Failure::timed_out, "the new {} did not serve within {} s", role,
                limit.count() / 1'000);
}

std::vector<Supervisor::Running> Supervisor::running() const {
    std::vector<Running> all;
    all.reserve(leaving_.size() + children_.size());
    for (const Leaving& process : leaving_)
        all.push_back({process.role, process.pid, true});
    for (const Child& child : children_) {
        if (child.pid > 0) all.push_back({child.spec.role, child.pid, false});
    }
    return all;
}

void Supervisor::end_all() {
    log::info("stopping", {});
    const std::chrono::milliseconds limit(end_ms);
    signal_leaving("edge", SIGTERM);
    end_leaving("worker", limit);  // before its launcher
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
    for (const char* role : {"launcher", "api", "edge"})
        end_leaving(role, limit);
}

}  // namespace berth::roles

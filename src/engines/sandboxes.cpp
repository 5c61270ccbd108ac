#include "engines/sandboxes.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "engines/disk.hpp"
#include "engines/sandbox_run.hpp"
#include "engines/spawn_program.hpp"
#include "engines/usage.hpp"

namespace berth::engines {
namespace {

namespace fs = std::filesystem;

constexpr auto tick = std::chrono::milliseconds(100);
constexpr unsigned ticks_per_disk_look = 5;
constexpr unsigned ticks_per_memory_look = 10;
constexpr unsigned looks_over_limit_max =
    3;  // a second or so, to say it in the command's own words
constexpr auto measure_pause_min = std::chrono::milliseconds(400);
constexpr auto measure_pause_max = std::chrono::milliseconds(1'500);
constexpr int measure_pause_times = 3;  // as long as it took to measure
constexpr auto kill_limit = std::chrono::milliseconds(4000);
constexpr int kill_attempts = 2;

std::vector<unsigned> usable_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (unsigned number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(number, &set)) cpus.push_back(number);
    }
    return cpus;
}

/// The 4-byte wait status that the sandbox's first process left, if it came to that.
std::optional<int> status_in(const Fd& lifeline) {
    int status = 0;
    const ssize_t count = ::recv(lifeline.get(), &status, sizeof status, MSG_DONTWAIT);
    if (count != sizeof status) return std::nullopt;
    return status;
}

}  // namespace

Sandboxes::Sandboxes(SandboxPlan plan, Volumes& volumes, Networks& networks, Tenants& tenants,
                     const Cgroups& cgroups, const BundleParts& parts, Workers& workers)
    : plan_(std::move(plan)),
      volumes_(volumes),
      networks_(networks),
      tenants_(tenants),
      cgroups_(cgroups),
      parts_(parts),
      workers_(workers),
      cpus_(usable_cpus()) {}

Sandboxes::~Sandboxes() {
    // Coroutines that the loop has not thrown away yet must not give back to what is gone.
    for (const auto& [name, active] : runs_) {
        if (active->claims) active->claims->held.clear();
    }
}

bool Sandboxes::over_limit(Active& active, unsigned count) {
    // On version 1 the kernel kills one process and the script goes on: the run has failed all the
    // same, and what is left would only burn time.
    if (cgroups_.counts(active.name).oom_kills > 0) active.out_of_memory = true;
    if (count % ticks_per_memory_look == 0 && active.thrashing.lasts(cgroups_.memory(active.name)))
        active.out_of_memory = true;
    if (active.out_of_memory || active.too_many_processes) return true;
    if (count % ticks_per_disk_look != 0) return false;
    // A run that was refused a process has failed, whatever it goes on to do; so has one whose disk
    // stays full.
    if (cgroups_.counts(active.name).forks_refused > 0) ++active.looks_without_process;
    if (active.looks_without_process >= looks_over_limit_max) return true;
    const auto& held = active.claims->held;
    const bool writes = std::ranges::any_of(held, [](const auto& item) { return item.second; });
    const bool full = has_full_volume(active);
    active.looks_without_disk = full ? active.looks_without_disk + 1 : 0;
    if (active.looks_without_disk >= looks_over_limit_max) {
        active.disk_full = true;
        return true;
    }
    // Sparse images can promise more than the disk has: the reserve is for everything else.
    if (!writes || !volumes_.is_reserve_in_use()) return false;
    active.disk_full = true;
    return true;
}

bool Sandboxes::has_full_volume(const Active& active) const {
    return std::ranges::any_of(active.claims->held, [this](const auto& item) {
        return item.second && volumes_.is_full(item.first);
    });
}

Task<> Sandboxes::measure_written(Held active) {
    std::vector<std::string> written;
    for (const auto& [name, writes] : active->claims->held) {
        if (writes) written.push_back(name);
    }
    for (const std::string& name : written)
        co_await volumes_.measure(name);
}

/// A directory goes on to take writes when it is over its limit: nothing tells the command, and
/// there is no grace to give.
Task<> Sandboxes::watch_directories(Sandboxes* self, Held active) {
    while (active->claims && !active->exit) {  // ends with the run
        const std::int64_t began_ms = steady_now_ms();
        co_await self->measure_written(active);
        if (!active->claims || active->exit) co_return;
        if (self->has_full_volume(*active)) {
            active->disk_full = true;
            kill_process(active->process);
            co_return;
        }
        const std::chrono::milliseconds took(steady_now_ms() - began_ms);
        const auto pause = std::clamp<std::chrono::milliseconds>(
            took * measure_pause_times, measure_pause_min, measure_pause_max);
        co_await sleep_for(pause);
    }
}

/// What the kernel counts where there are cgroups.
Task<> Sandboxes::count_usage(Held active) {
    const auto work = [pid = active->pid, most = active->limits.memory_bytes] {
        return usage_of(pid, most);
    };
    const Usage usage = co_await workers_.run(work);
    active->memory_peak_bytes = std::max(active->memory_peak_bytes, usage.memory_bytes);
    if (usage.memory_bytes > active->limits.memory_bytes) active->out_of_memory = true;
    if (usage.tasks > active->limits.processes) active->too_many_processes = true;
}

Task<> Sandboxes::watch(Sandboxes* self, Held active) {
    const bool counted = self->cgroups_.mode() != CgroupMode::none;
    for (unsigned count = 1; active->process; ++count) {  // ends with the process
        const bool ended = co_await ended_within(tick, active->process.get());
        if (ended) break;
        if (!counted) co_await self->count_usage(active);
        if (self->over_limit(*active, count)) kill_process(active->process);
    }
    const std::optional<int> reaped = reap(active->pid);
    co_await self->measure_written(active);
    self->note_end(*active, reaped);
    co_await self->tidy_up(*active);
    active->ended.cancel();
}

void Sandboxes::note_end(Active& active, std::optional<int> reaped) {
    const std::optional<int> status = status_in(active.lifeline);
    const int ended = status.value_or(reaped.value_or(SIGKILL));
    const Counts counts = cgroups_.counts(active.name);
    Exit exit;
    if (WIFSIGNALED(ended)) exit.signal = WTERMSIG(ended);
    exit.code = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
    exit.out_of_memory = active.out_of_memory || counts.oom_kills > 0;
    exit.too_many_processes = counts.forks_refused > 0 || active.too_many_processes;
    // Of a directory's largest file the kernel tells by a signal.
    const bool too_large = exit.signal == SIGXFSZ && !volumes_.are_disks();
    exit.disk_full = active.disk_full || too_large || has_full_volume(active);
    exit.memory_peak_bytes = std::max(counts.memory_peak_bytes, active.memory_peak_bytes);
    active.exit = exit;
}

Task<> Sandboxes::tidy_up(Active& active) {
    active.network = {};
    active.lifeline = {};
    try {
        for (const std::string& point : mounts_below(active.folder))
            unmount(point);
        fs::remove_all(active.folder);
        fs::remove_all(plan_.runtime_state + "/" + active.name);
        constexpr auto pause = std::chrono::milliseconds(5);
        for (int i = 0; i < 200 && !cgroups_.remove(active.name); ++i) {
            cgroups_.kill(active.name);
            co_await sleep_for(pause);
        }
    } catch (const std::exception& broken) {
        log::error("a sandbox left something", {{"run", active.name}, {"why", broken.what()}});
    }
    if (active.process) reap(active.pid);
    active.claims.reset();
}

Sandboxes::Held Sandboxes::find(const std::string& run, std::uint64_t connection) const {
    const auto found = runs_.find(run);
    if (found == runs_.end() || found->second->connection != connection) return nullptr;
    return found->second;
}

Task<Result<Exit>> Sandboxes::wait(std::string run, std::uint64_t connection) {
    const Held active = find(run, connection);
    if (!active) co_return fail(Failure::not_found, "no run named '{}'", run);
    while (!active->exit || active->claims) {  // ends with the run
        boost::system::error_code woken;
        co_await active->ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    runs_.erase(run);
    co_return *active->exit;
}

/// Kills a run and waits until it is gone; false when the kernel does not let it go.
Task<bool> Sandboxes::end(Held active) {
    active->unwanted = true;
    for (int i = 0; i < kill_attempts && active->claims; ++i) {
        if (active->process) kill_process(active->process);
        if (i > 0) cgroups_.kill(active->name);
        asio::steady_timer limit(active->ended.get_executor(), kill_limit);
        auto race = asio::experimental::make_parallel_group(
            active->ended.async_wait(asio::deferred), limit.async_wait(asio::deferred));
        co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    }
    co_return !active->claims;
}

Task<Result<>> Sandboxes::kill(std::string run, std::uint64_t connection) {
    const Held active = find(run, connection);
    if (!active) co_return Result<>();
    const bool gone = co_await end(active);
    if (gone) co_return Result<>();
    co_return fail(Failure::timed_out, "the kernel does not let go of run '{}'", run);
}

Task<Result<>> Sandboxes::destroy(std::string sandbox, std::uint64_t connection) {
    std::vector<Held> mine;
    for (const auto& [name, active] : runs_) {
        if (active->sandbox == sandbox && active->connection == connection) mine.push_back(active);
    }
    for (const Held& active : mine) {
        if (active->process) kill_process(active->process);
    }
    bool all_gone = true;
    for (const Held& active : mine) {
        const bool gone = co_await end(active);
        all_gone = all_gone && gone;
    }
    const auto written = written_.extract(sandbox);
    if (!written.empty()) {
        for (const std::string& volume : written.mapped()) {
            const Result<> removed = co_await volumes_.remove_unkept(volume, connection);
            if (!removed) log::warning("volume left", {{"volume", volume}});
        }
    }
    if (all_gone) co_return Result<>();
    co_return fail(Failure::timed_out, "the kernel does not let go of sandbox '{}'", sandbox);
}

Task<> Sandboxes::settle(std::uint64_t connection) {
    std::vector<Held> dying;
    for (const auto& [name, active] : runs_) {
        const bool mine = active->connection == connection;
        if (mine && active->unwanted && active->claims) dying.push_back(active);
    }
    for (const Held& active : dying)
        co_await end(active);
}

Task<> Sandboxes::close(std::uint64_t connection) {
    connections_.erase(connection);
    std::vector<Held> mine;
    for (const auto& [name, active] : runs_) {
        if (active->connection == connection) mine.push_back(active);
    }
    for (const Held& active : mine) {
        active->unwanted = true;
        if (active->process) kill_process(active->process);
    }
    for (const Held& active : mine) {
        const bool gone = co_await end(active);
        if (!gone) log::error("a sandbox does not end", {{"run", active->name}});
        written_.erase(active->sandbox);
        runs_.erase(active->name);
    }
    co_await volumes_.remove_of(connection);
}

}  // namespace berth::engines

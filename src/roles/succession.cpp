#include "roles/succession.hpp"

#include <signal.h>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace berth::roles {

namespace {

constexpr std::int64_t last_ms = 20'000;  // from the word that it ends now, until it is killed

}  // namespace

Succession::Succession(Supervisor& supervisor, const Handover& from,
                       std::function<Result<>()> prepare, SuccessionLimits limits)
    : supervisor_(supervisor), prepare_(std::move(prepare)), limits_(limits) {
    for (const HandedRole& process : from.roles) {
        const bool stays = from.kind == HandoverKind::give_back && !process.leaving &&
                           supervisor_.adopt(process.role, process.pid);
        if (!stays) supervisor_.see_off(process.role, process.pid);
    }
    begun_ms_ = steady_now_ms();
    // They share sandboxes, volumes and a socket with those of before.
    supervisor_.hold("launcher");
    supervisor_.hold("worker");
}

Result<> Succession::run() {
    const Result<> edge = supervisor_.start_and_wait("edge", limits_.ready);
    if (!edge) return edge.error();
    // Before the api ends: no claim is open then whose answer could be lost.
    supervisor_.signal_leaving("worker", SIGUSR1);
    supervisor_.end_leaving("api", limits_.api_end);
    const Result<> prepared = prepare_();
    if (!prepared) return prepared.error();
    const Result<> api = supervisor_.start_and_wait("api", limits_.ready);
    if (!api) return api.error();
    supervisor_.signal_leaving("edge", SIGUSR1);
    begun_ms_ = steady_now_ms();
    return {};
}

bool Succession::settle() {
    const std::int64_t now = steady_now_ms();
    if (now - begun_ms_ > limits_.drain.count() + last_ms)
        supervisor_.signal_leaving("edge", SIGKILL);
    if (supervisor_.is_leaving("worker")) {
        const std::int64_t late_ms = now - begun_ms_ - limits_.builds.count();
        if (late_ms > 0 && !std::exchange(worker_told_, true))
            supervisor_.signal_leaving("worker", SIGTERM);
        if (late_ms > last_ms) supervisor_.signal_leaving("worker", SIGKILL);
    } else if (supervisor_.is_leaving("launcher")) {
        if (launcher_told_ms_ == 0) {
            launcher_told_ms_ = now;
            supervisor_.signal_leaving("launcher", SIGTERM);
        } else if (now - launcher_told_ms_ > last_ms) {
            supervisor_.signal_leaving("launcher", SIGKILL);
        }
    } else {
        supervisor_.release("launcher");
        supervisor_.release("worker");
        if (!supervisor_.is_leaving("edge")) return false;
    }
    return true;
}

}  // namespace berth::roles

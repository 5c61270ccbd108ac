#pragma once
/// Looking at a repository for the import page: a job of kind `inspect`, waited for.

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "jobs/job.hpp"

namespace berth::deployments {

class Inspections {
public:
    Inspections(db::Database& database, bus::Bus& bus, const Sealer& sealer, Clock clock)
        : database_(database), bus_(bus), sealer_(sealer), clock_(std::move(clock)) {}

    /// Errors: what the clone failed with (code = the reason, clone_not_found…); unavailable —
    /// no_worker: nobody took it; timed_out.
    Task<Result<jobs::Inspection>> inspect(jobs::Source source, std::chrono::milliseconds limit);

    /// Also when a kept one's period is over. Nothing: none waits.
    Task<std::optional<jobs::Job>> claim(std::string worker);
    /// Errors: conflict — lease_lost.
    Task<Result<>> finish(std::string id, jobs::Finish finish);
    /// Forgets what nobody waits for any more; call now and then.
    Task<> sweep();

private:
    db::Database& database_;
    bus::Bus& bus_;
    const Sealer& sealer_;
    Clock clock_;
};

}  // namespace berth::deployments

#pragma once
/// Redeploys by the clock: what a project's people ask for in cron's words.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "deployments/deployments.hpp"

namespace berth::deployments {

struct Schedule {
    std::string id{};  // sch_…
    std::string project{};
    std::string cron{};       // deployments/cron.hpp
    std::string time_zone{};  // "Europe/Berlin", "UTC"
    std::string ref{};        // branch; "": production's
    std::string created_by{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> next_at_ms{};  // none: it never comes
    std::optional<std::int64_t> last_at_ms{};
    std::optional<std::string> last_deployment{};
    std::string trouble{};  // why the last time made no deployment; "": it did
};
BOOST_DESCRIBE_STRUCT(Schedule, (),
                      (id, project, cron, time_zone, ref, created_by, created_at_ms, next_at_ms,
                       last_at_ms, last_deployment, trouble))

struct NewSchedule {
    std::string cron{};
    std::string time_zone = "UTC";
    std::string ref{};
};
BOOST_DESCRIBE_STRUCT(NewSchedule, (), (cron, time_zone, ref))

class Schedules {
public:
    static constexpr std::int64_t per_project_max = 20;
    static constexpr std::int64_t at_once_max = 20;

    /// All must outlive this.
    Schedules(db::Database& database, Deployments& deployments, Clock clock)
        : database_(database), deployments_(deployments), clock_(std::move(clock)) {}

    /// Oldest first.
    Task<std::vector<Schedule>> of(std::string project);
    /// Errors: invalid — invalid_cron, never_due, invalid_time_zone, invalid_branch; conflict —
    ///         too_many_schedules.
    Task<Result<Schedule>> add(std::string project, NewSchedule wanted, accounts::AuditActor actor);
    /// Errors: not_found — schedule_not_found.
    Task<Result<>> remove(std::string project, std::string id, accounts::AuditActor actor);

    /// Makes the deployments that are due, each once however many apis call this, and once for
    /// however many times were missed. A call that dies in the middle is finished by the next.
    Task<> run_due();

private:
    struct Due;

    Task<> run(Due due);
    Task<Result<DeploymentView>> deploy(const Due& due, const std::string& id);

    db::Database& database_;
    Deployments& deployments_;
    Clock clock_;
};

}  // namespace berth::deployments

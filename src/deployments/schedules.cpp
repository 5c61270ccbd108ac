#include "deployments/schedules.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "db/records.hpp"
#include "deployments/cron.hpp"
#include "deployments/rows.hpp"
#include "rules/repo_url.hpp"

namespace berth::deployments {

/// One that is due, or was taken by an api that died.
struct DueRow {
    std::string id{};
    std::string project{};
    std::string cron{};
    std::string time_zone{};
    std::string ref{};
    std::optional<std::int64_t> next_at_ms{};
    std::optional<std::string> pending{};  // the deployment that this time is to make
};
BOOST_DESCRIBE_STRUCT(DueRow, (), (id, project, cron, time_zone, ref, next_at_ms, pending))

struct Schedules::Due : DueRow {};

namespace {

std::optional<std::int64_t> next_of(const std::string& cron, const std::string& time_zone,
                                    std::int64_t now_ms) {
    const Result<Cron> parsed = Cron::parse(cron);
    // A zone that this machine does not know any more: never, until it does.
    if (!parsed || !is_time_zone(time_zone)) return std::nullopt;
    return parsed->next(now_ms, time_zone);
}

Result<> check(const NewSchedule& wanted, std::int64_t now_ms) {
    const Result<Cron> cron = Cron::parse(wanted.cron);
    if (!cron) return cron.error();
    if (!is_time_zone(wanted.time_zone)) {
        return fail_as(Failure::invalid, "invalid_time_zone", "/time_zone",
                       "time_zone: this machine knows no zone of this name; one is Europe/Berlin");
    }
    if (!wanted.ref.empty() && !rules::is_ref_name(wanted.ref)) {
        return fail_as(Failure::invalid, "invalid_branch", "/ref",
                       "ref: not a name that Git allows");
    }
    if (cron->next(now_ms, wanted.time_zone)) return {};
    return fail_as(Failure::invalid, "never_due", "/cron",
                   "cron: no such day comes within ten years");
}

}  // namespace

Task<std::vector<Schedule>> Schedules::of(std::string project) {
    const auto look = [&](soci::session& sql) {
        return db::select<Schedule>(sql, "from schedules where project = :project order by id",
                                    project);
    };
    co_return co_await database_.read(look);
}

Task<Result<Schedule>> Schedules::add(std::string project, NewSchedule wanted,
                                      accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    if (const Result<> fits = check(wanted, now); !fits) co_return fits.error();
    const auto work = [&](soci::session& sql) -> Result<Schedule> {
        const auto there = db::value<std::int64_t>(
            sql, "select count(*) from schedules where project = :project", project);
        if (there.value_or(0) >= per_project_max) {
            return fail_as(Failure::conflict, "too_many_schedules", "",
                           "the project has {} schedules: remove one first", per_project_max);
        }
        const Schedule made{.id = new_id("sch"),
                            .project = project,
                            .cron = wanted.cron,
                            .time_zone = wanted.time_zone,
                            .ref = wanted.ref,
                            .created_by = actor.name,
                            .created_at_ms = now,
                            .next_at_ms = next_of(wanted.cron, wanted.time_zone, now)};
        db::insert(sql, "schedules", made);
        accounts::write_audit(sql, now, {actor, "schedule_added", project, wanted.cron});
        return made;
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Schedules::remove(std::string project, std::string id, accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto gone = db::execute(
            sql, "delete from schedules where project = :project and id = :id", project, id);
        if (gone == 0) {
            return fail_as(Failure::not_found, "schedule_not_found", "",
                           "the project has no schedule {}", id);
        }
        accounts::write_audit(sql, now, {actor, "schedule_removed", project, id});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<> Schedules::run_due() {
    const std::int64_t now = clock_();
    const auto look = [&](soci::session& sql) {
        return db::select<DueRow>(
            sql,
            "from (select s.id as id, s.project as project, s.cron as cron, s.time_zone as "
            "time_zone, s.ref as ref, s.next_at_ms as next_at_ms, s.pending as pending from "
            "schedules s join projects p on p.id = s.project where p.deleted_at_ms is null and "
            "(s.next_at_ms <= :now or s.pending is not null)) as due order by id limit :count",
            now, at_once_max);
    };
    const std::vector<DueRow> rows = co_await database_.read(look);
    for (const DueRow& row : rows) {
        Due due{row};
        co_await run(std::move(due));
    }
}

Task<> Schedules::run(Due due) {
    const std::int64_t now = clock_();
    const std::string id = due.pending.value_or(new_id("dpl"));
    if (!due.pending) {
        // Whoever changes the row first has it. The deployment's id is written before the
        // deployment: an api that dies in between leaves it to be made, once.
        const auto next = next_of(due.cron, due.time_zone, now);
        const auto take = [&](soci::session& sql) {
            return db::execute(sql,
                               "update schedules set next_at_ms = :next, last_at_ms = :now, "
                               "pending = :pending where id = :id and next_at_ms = :was and "
                               "pending is null",
                               next, now, id, due.id, due.next_at_ms) > 0;
        };
        if (!co_await database_.write(take)) co_return;
    }
    const Result<DeploymentView> made = co_await deploy(due, id);
    // A full disk passes: this time is not lost.
    if (!made && made.error().failure == Failure::unavailable) co_return;
    if (!made) log::warning("schedule made nothing", {{"why", made.error().message}});
    const std::string trouble = made ? "" : made.error().message;
    const std::optional<std::string> last = made ? std::optional(made->id) : std::nullopt;
    const auto settle = [&](soci::session& sql) {
        db::execute(sql,
                    "update schedules set pending = null, trouble = :trouble, last_deployment = "
                    "coalesce(:last, last_deployment) where id = :id and pending = :pending",
                    trouble, last, due.id, id);
    };
    co_await database_.write(settle);
}

/// The head of the branch; of a project without a repository, what production serves.
Task<Result<DeploymentView>> Schedules::deploy(const Due& due, const std::string& id) {
    const std::string project = due.project;
    const auto look = [&](soci::session& sql) { return find_project(sql, project); };
    const std::optional<ProjectRow> found = co_await database_.read(look);
    if (found && found->repo_url.empty()) {
        const Production production = co_await deployments_.production(project);
        if (!production.deployment) {
            co_return fail_as(Failure::conflict, "no_repository", "",
                              "nothing is live, and there is no repository to build");
        }
        const std::string live = *production.deployment;
        Repeat how{.id = id, .trigger = Trigger::schedule, .actor = "schedule"};
        co_return co_await deployments_.redeploy(live, std::move(how));
    }
    NewDeployment wanted{.id = id,
                         .project = due.project,
                         .ref = due.ref,
                         .trigger = Trigger::schedule,
                         .actor = "schedule"};
    co_return co_await deployments_.create(std::move(wanted));
}

}  // namespace berth::deployments

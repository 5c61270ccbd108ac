/// What workers do to deployments: claim, renew, advance, and what happens when they do not.

#include "db/records.hpp"
#include "deployments/admission.hpp"
#include "deployments/deployments.hpp"
#include "deployments/rows.hpp"
#include "logs/log_store.hpp"

namespace berth::deployments {
namespace {

using jobs::State;

Error lease_lost() {
    return fail_as(Failure::conflict, "lease_lost", "", "this job is no longer yours");
}

void see_worker(soci::session& sql, const Machine& machine, const std::string& name,
                std::int64_t now_ms) {
    db::execute(sql,
                "insert into workers (id, name, seen_at_ms, created_at_ms, slots, memory_bytes) "
                "values (:id, :name, :now, :now2, :slots, :memory) on conflict (id) do update set "
                "seen_at_ms = excluded.seen_at_ms, slots = excluded.slots, "
                "memory_bytes = excluded.memory_bytes",
                machine.id, name, now_ms, now_ms, machine.slots, machine.memory_bytes);
}

bool worker_seen(soci::session& sql, std::int64_t since_ms) {
    return db::value<std::int64_t>(sql, "select count(*) from workers where seen_at_ms > :since",
                                   since_ms)
               .value_or(0) > 0;
}

struct OutboxRow {
    std::int64_t id = 0;
    std::string topic{};
    std::string type{};
    std::string subject{};
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(OutboxRow, (), (id, topic, type, subject, at_ms))

std::vector<bus::Event> take_outbox(soci::session& sql) {
    std::vector<bus::Event> events;
    for (const OutboxRow& row : db::select<OutboxRow>(sql, "from outbox order by id limit 500")) {
        db::execute(sql, "delete from outbox where id = :id", row.id);
        events.push_back({row.topic, row.type, row.subject, row.at_ms});
    }
    return events;
}

struct End {
    State to = State::failed;
    Outcome outcome{};
};

/// As what a deployment ends that outlived its lease, its stop or everybody's patience.
End end_of(const Deployment& late) {
    if (late.artifact) return {.to = State::ready};  // the pointer moved; nobody came to say so
    if (late.state == State::queued) {
        return {.outcome = {.reason = jobs::Reason::no_worker,
                            .detail = "no worker was connected for a long time",
                            .next_step =
                                "Start a worker (`berth serve` as root, or `berth worker`) and "
                                "redeploy; `berth doctor` says what is missing"}};
    }
    if (late.stop) {
        const bool canceled = *late.stop == State::canceled;
        return {.to = *late.stop,
                .outcome = {.detail = canceled ? "canceled" : "superseded by a newer one"}};
    }
    return {.outcome = {.reason = jobs::Reason::lost_worker,
                        .detail = "the worker that built this stopped answering",
                        .next_step =
                            "Redeploy; if it happens again, look at the worker's log and the "
                            "machine's memory"}};
}

/// The last line of a log that nobody else ends.
jobs::Line last_line(const End& end, std::int64_t now_ms) {
    const bool failed = end.to == State::failed;
    return {.at_ms = now_ms,
            .level = failed ? jobs::Level::error : jobs::Level::warning,
            .text = "Stopped: " + end.outcome.detail};
}

/// False: somebody else ended it meanwhile.
bool end_unattended(soci::session& sql, const Deployment& late, std::int64_t now_ms) {
    const End how = end_of(late);
    if (how.to != State::ready) logs::append_lines(sql, late.id, {last_line(how, now_ms)});
    return change_state(sql, late, how.to, how.outcome, now_ms);
}

/// A project that is gone for good while deployments of it still stand.
std::optional<std::string> half_deleted_project(soci::session& sql) {
    return db::value<std::string>(
        sql,
        "select p.id from projects p where p.deleted_at_ms is not null and "
        "p.purge_at_ms is null and exists (select 1 from "
        "deployments d where d.project = p.id and d.deleted_at_ms is null) limit 1");
}

/// The deployment, if `epoch` still holds it.
std::optional<Deployment> held(soci::session& sql, const std::string& id, std::int64_t epoch) {
    auto found = find_deployment(sql, id);
    if (!found || found->epoch != epoch || jobs::is_terminal(found->state)) return std::nullopt;
    return found;
}

/// A deployment that this worker was given and knows nothing of: the api that claimed it died
/// before it answered, or the answer was lost. Who holds one renews its lease five times in its
/// time.
std::optional<std::string> given_in_vain(soci::session& sql, const std::string& worker,
                                         std::int64_t now_ms, std::int64_t lease_ms) {
    const std::int64_t renewed_twice = lease_ms * 2 / 5;
    return db::value<std::string>(
        sql,
        "select id from deployments where worker = :worker and state = 'preparing' and "
        "artifact = 0 and lease_until_ms < :until and stop is null and deleted_at_ms is null "
        "order by intent limit 1",
        worker, now_ms + lease_ms - renewed_twice);
}

}  // namespace

Task<std::optional<Deployments::Claimed>> Deployments::claim(Machine machine, std::string name) {
    const std::int64_t now = clock_();
    const auto take = [&](soci::session& sql) -> std::optional<Claimed> {
        see_worker(sql, machine, name, now);
        const auto again = given_in_vain(sql, machine.id, now, config_.lease_ms);
        const auto id = again ? again : admit(sql, machine, config_.admission);
        if (!id) return std::nullopt;
        Deployment taken = find_deployment(sql, *id).value();
        db::execute(sql,
                    "update deployments set epoch = epoch + 1, worker = :worker, "
                    "lease_until_ms = :until, memory_bytes = :memory where id = :id",
                    machine.id, now + config_.lease_ms, config_.admission.memory_bytes, *id);
        taken = find_deployment(sql, *id).value();
        if (!again) change_state(sql, taken, State::preparing, {}, now);
        return Claimed{find_deployment(sql, *id).value(),
                       find_project(sql, taken.project).value_or(ProjectRow{}).name};
    };
    std::optional<Claimed> claimed = co_await database_.write(take);
    if (claimed) hint("claimed", claimed->deployment.id);
    co_return claimed;
}

Task<Result<jobs::RenewReply>> Deployments::renew(std::string id, std::int64_t epoch) {
    const std::int64_t now = clock_();
    const auto prolong = [&](soci::session& sql) -> Result<jobs::RenewReply> {
        const auto found = held(sql, id, epoch);
        if (!found) return lease_lost();
        db::execute(sql, "update deployments set lease_until_ms = :until where id = :id",
                    now + config_.lease_ms, id);
        db::execute(sql, "update workers set seen_at_ms = :now where id = :id", now, found->worker);
        return jobs::RenewReply{found->stop};
    };
    co_return co_await database_.write(prolong);
}

Task<Result<std::string>> Deployments::source_of(std::string id) {
    const Result<Deployment> found = co_await row(id);
    if (!found) co_return found.error();
    if (!found->source_sha256) co_return fail(Failure::not_found, "no source was kept of {}", id);
    co_return *found->source_sha256;
}

Task<Result<>> Deployments::holds_lease(std::string id, std::int64_t epoch) {
    const auto look = [&](soci::session& sql) { return held(sql, id, epoch).has_value(); };
    if (!co_await database_.read(look)) co_return lease_lost();
    co_return Result<>{};
}

Task<Result<>> Deployments::advance(std::string id, jobs::Advance step) {
    const std::int64_t now = clock_();
    const auto move = [&](soci::session& sql) -> Result<> {
        const auto found = held(sql, id, step.epoch);
        if (!found) return lease_lost();
        if (jobs::is_terminal(step.to) || step.to < found->state) {
            return fail_as(Failure::invalid, "wrong_state", "/to", "{} does not follow {}",
                           boost::describe::enum_to_string(step.to, ""),
                           boost::describe::enum_to_string(found->state, ""));
        }
        if (step.commit) {
            db::execute(sql,
                        "update deployments set \"commit\" = :commit, message = :message, "
                        "author = :author where id = :id",
                        step.commit->commit, step.commit->message, step.commit->author, id);
        }
        if (step.plan) {
            db::execute(sql, "update deployments set plan = :plan where id = :id", step.plan, id);
        }
        if (step.source_sha256) {
            db::execute(sql, "update deployments set source_sha256 = :sha where id = :id",
                        *step.source_sha256, id);
        }
        if (step.known_hosts) {
            db::execute(sql,
                        "update connections set known_hosts = :hosts "
                        "where project = :project and known_hosts = ''",
                        *step.known_hosts, found->project);
        }
        if (step.to != found->state) {  // a repeated call after a lost answer changes nothing
            const Outcome outcome{.exit_code = step.exit_code};
            change_state(sql, *found, step.to, outcome, now);
        }
        return {};
    };
    const Result<> moved = co_await database_.write(move);
    if (moved) hint("advanced", id);
    co_return moved;
}

Task<Result<jobs::ReuseReply>> Deployments::reuse(std::string id, jobs::ReuseRequest request) {
    const auto look = [&](soci::session& sql) -> Result<jobs::ReuseReply> {
        const auto found = held(sql, id, request.epoch);
        if (!found) return lease_lost();
        jobs::ReuseReply reply{.deployment = db::value<std::string>(
                                   sql,
                                   "select id from deployments where project = :project and "
                                   "reuse_key = :key and state = 'ready' and artifact = 1 and "
                                   "deleted_at_ms is null order by intent desc limit 1",
                                   found->project, request.key)};
        if (!reply.deployment) return reply;
        // A second deployment of a commit was asked for by somebody; of another, by a push.
        const std::string environment = boost::describe::enum_to_string(found->environment, "");
        const auto newest = db::value<std::string>(
            sql,
            "select id from deployments where project = :project and ref = :ref and "
            "environment = :environment and state = 'ready' and artifact = 1 and "
            "deleted_at_ms is null and intent < :intent order by intent desc limit 1",
            found->project, found->ref, environment, found->intent);
        const auto earlier = find_deployment(sql, *reply.deployment);
        reply.newest = newest == reply.deployment && earlier && earlier->commit != found->commit;
        return reply;
    };
    co_return co_await database_.read(look);
}

Task<> Deployments::refresh_leases() {
    const std::int64_t now = clock_();
    const auto fresh = [&](soci::session& sql) {
        db::execute(sql,
                    std::string("update deployments set lease_until_ms = :until where state in ") +
                        held_states,
                    now + config_.lease_ms);
        // Pages and the edge may have missed what happened last.
        announce(sql, "deployments", "restarted", "", now);
    };
    co_await database_.write(fresh);
    hint("restarted", "");
}

Task<> Deployments::end_overdue() {
    const std::int64_t now = clock_();
    const auto look = [&](soci::session& sql) {
        return db::select<Deployment>(
            sql,
            std::string("from deployments where (state in ") + held_states +
                " and (lease_until_ms < :now or stop_at_ms < :stopped)) or "
                "(state = 'queued' and created_at_ms < :patience) limit 100",
            now, now - config_.stop_ms, now - config_.no_worker_ms);
    };
    if (const auto due = co_await database_.read(look); due.empty()) co_return;

    const auto end = [&](soci::session& sql) {
        int ended = 0;
        const bool attended = worker_seen(sql, now - config_.no_worker_ms);
        for (const Deployment& late : look(sql)) {
            if (late.state == State::queued && attended) continue;
            ended += end_unattended(sql, late, now) ? 1 : 0;
        }
        return ended;
    };
    if (co_await database_.write(end) > 0) hint("ended", "");
}

Task<> Deployments::lose(std::string worker) {
    const std::int64_t now = clock_();
    const auto end = [&](soci::session& sql) {
        int ended = 0;
        const auto left = db::select<Deployment>(
            sql, std::string("from deployments where worker = :worker and state in ") + held_states,
            worker);
        for (const Deployment& lost : left)
            ended += end_unattended(sql, lost, now) ? 1 : 0;
        return ended;
    };
    if (co_await database_.write(end) > 0) {
        hint("ended", "");
        bus_.publish({.topic = "queue", .type = "build", .id = ""});  // of its project, too
    }
}

Task<> Deployments::reconcile() {
    co_await end_overdue();
    const auto look = [](soci::session& sql) { return half_deleted_project(sql); };
    const std::optional<std::string> project = co_await database_.read(look);
    if (project) co_await remove_project(*project, "reconcile");
}

Task<> Deployments::dispatch_events() {
    const auto hints = bus_.subscribe("outbox");
    while (true) {  // until canceled
        const auto take = [](soci::session& sql) { return take_outbox(sql); };
        const auto look = [](soci::session& sql) {
            return db::value<std::int64_t>(sql, "select count(*) from outbox").value_or(0);
        };
        if (co_await database_.read(look) > 0) {
            const std::vector<bus::Event> events = co_await database_.write(take);
            for (const bus::Event& event : events)
                bus_.publish(event);
        }
        const std::chrono::milliseconds limit(2000);
        co_await hints->next(limit);
    }
}

}  // namespace berth::deployments

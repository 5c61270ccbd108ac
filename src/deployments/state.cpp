#include "deployments/state.hpp"

#include "db/records.hpp"

namespace berth::deployments {
namespace {

using jobs::State;

StepState step_end(State to) {
    if (to == State::failed) return StepState::failed;
    if (to == State::canceled || to == State::superseded) return StepState::canceled;
    return StepState::succeeded;
}

void end_step(soci::session& sql, const Deployment& was, State to, const Outcome& outcome,
              std::int64_t now_ms) {
    db::execute(sql,
                "update deployment_steps set state = :state, end_ms = :now, exit_code = :code "
                "where deployment = :id and end_ms is null",
                step_end(to), now_ms, outcome.exit_code, was.id);
}

void begin_step(soci::session& sql, const Deployment& was, jobs::Step step, std::int64_t now_ms) {
    db::execute(sql,
                "insert into deployment_steps (deployment, name, state, begin_ms) "
                "values (:id, :name, :state, :now) on conflict (deployment, name) do update set "
                "state = excluded.state, begin_ms = excluded.begin_ms, end_ms = null",
                was.id, step, StepState::running, now_ms);
}

}  // namespace

std::optional<jobs::Step> step_of(State state) {
    switch (state) {
        case State::preparing:
            return jobs::Step::prepare;
        case State::cloning:
            return jobs::Step::clone;
        case State::installing:
            return jobs::Step::install;
        case State::building:
            return jobs::Step::build;
        case State::publishing:
            return jobs::Step::publish;
        default:
            return std::nullopt;
    }
}

void mark_report(soci::session& sql, const std::string& deployment, const std::string& project,
                 std::int64_t now_ms) {
    db::execute(sql,
                "insert into git_reports (deployment, project, due, next_at_ms) "
                "select :deployment, project, 1, :now from git_links where project = :project "
                "on conflict (deployment) do update set due = 1, marks = git_reports.marks + 1, "
                "attempts = 0, next_at_ms = excluded.next_at_ms",
                deployment, now_ms, project);
}

void announce(soci::session& sql, const std::string& topic, const std::string& type,
              const std::string& subject, std::int64_t now_ms) {
    db::execute(sql,
                "insert into outbox (id, topic, type, subject, at_ms) "
                "values (:id, :topic, :type, :subject, :now)",
                db::next_number(sql, "outbox"), topic, type, subject, now_ms);
}

bool change_state(soci::session& sql, const Deployment& was, State to, const Outcome& outcome,
                  std::int64_t now_ms) {
    if (jobs::is_terminal(was.state)) return false;  // an end is an end
    const bool ends = jobs::is_terminal(to);
    const auto changed =
        db::execute(sql,
                    "update deployments set state = :to, reason = :reason, detail = :detail, "
                    "first_error = :first_error, next_step = :next_step, exit_code = :exit_code, "
                    "finished_at_ms = :finished where id = :id and state = :was and epoch = :epoch",
                    to, outcome.reason, outcome.detail, outcome.first_error, outcome.next_step,
                    ends ? outcome.exit_code : std::nullopt,
                    ends ? std::optional(now_ms) : std::nullopt, was.id, was.state, was.epoch);
    if (changed == 0) return false;

    end_step(sql, was, to, outcome, now_ms);
    if (const auto step = step_of(to)) begin_step(sql, was, *step, now_ms);
    db::execute(sql,
                "insert into deployment_events (id, deployment, at_ms, state, reason, actor) "
                "values (:id, :deployment, :now, :state, :reason, :actor)",
                db::next_number(sql, "deployment_event"), was.id, now_ms, to, outcome.reason,
                outcome.actor);
    if (ends)
        db::execute(sql, "delete from deployment_own_variables where deployment = :id", was.id);
    mark_report(sql, was.id, was.project, now_ms);
    announce(sql, "deployments", jobs::is_terminal(to) ? "ended" : "state", was.id, now_ms);
    return true;
}

}  // namespace berth::deployments

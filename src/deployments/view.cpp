#include "deployments/view.hpp"

#include "db/records.hpp"
#include "deployments/host_names.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {
Place Viewer::place(const Deployment& deployment) {
    if (!places_) places_ = forecast(read_line(sql_, admission_, now_ms_));
    const auto found = places_->find(deployment.id);
    if (found != places_->end()) return found->second;
    const auto before = db::value<std::int64_t>(
        sql_,
        "select count(*) from deployments where state = 'queued' and deleted_at_ms is null and "
        "intent <= :intent",
        deployment.intent);
    return {.position = before.value_or(0), .reason = WaitReason::slot};
}

DeploymentView Viewer::view(const Deployment& deployment) {
    const std::string name =
        db::value<std::string>(sql_, "select name from projects where id = :id", deployment.project)
            .value_or("");
    const auto production = find_production(sql_, deployment.project);
    const bool live = production && production->deployment == deployment.id;
    DeploymentView view{
        .id = deployment.id,
        .project = deployment.project,
        .project_name = name,
        .state = deployment.state,
        .stop = jobs::is_terminal(deployment.state) ? std::nullopt : deployment.stop,
        .reason = deployment.reason,
        .detail = deployment.detail,
        .first_error = deployment.first_error,
        .next_step = deployment.next_step,
        .exit_code = deployment.exit_code,
        .environment = deployment.environment,
        .ref = deployment.ref,
        .commit = deployment.commit,
        .message = deployment.message,
        .author = deployment.author,
        .trigger = deployment.trigger,
        .actor = deployment.actor,
        .url = url_of_(deployment_host(name, deployment.id, base_host_)),
        .hosts = hosts_of_deployment(sql_, deployment.id),
        .created_at_ms = deployment.created_at_ms,
        .finished_at_ms = deployment.finished_at_ms,
        .steps = db::select<StepView>(
            sql_, "from deployment_steps where deployment = :id order by begin_ms", deployment.id),
        .bytes = deployment.bytes,
        .files = deployment.files,
        .log_lines = deployment.log_next,
        .plan = deployment.plan,
        .reused_deployment = deployment.reused_deployment,
        .has_source = deployment.source_sha256.has_value(),
        .source = deployment.source,
        .prebuilt = deployment.prebuilt,
        .checks = deployment.checks,
        .checks_failed = deployment.checks_failed,
        .waits_for_checks = deployment.waits_for_checks,
        .own_variables = deployment.own_variables,
    };
    if (deployment.environment == Environment::preview && view.hosts.empty()) {
        view.expired_at_ms =
            db::value<std::int64_t>(sql_,
                                    "select expired_at_ms from previews where project = :project "
                                    "and ref = :ref and expired_at_ms is not null",
                                    deployment.project, deployment.ref);
    }
    if (deployment.state == jobs::State::queued) {
        const Place there = place(deployment);
        view.queue_position = there.position;
        view.queue_reason = there.reason;
        view.queue_begin_ms = there.begin_ms;
    }
    if (!jobs::is_terminal(deployment.state)) view.usual_ms = usual_ms(sql_, deployment.project);
    if (live) view.production_url = url_of_(production_host(name, base_host_));
    return view;
}

}  // namespace berth::deployments

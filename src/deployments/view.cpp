#include "deployments/view.hpp"

#include "db/records.hpp"
#include "deployments/host_names.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {
namespace {

std::optional<std::int64_t> queue_position(soci::session& sql, const Deployment& deployment) {
    if (deployment.state != jobs::State::queued) return std::nullopt;
    return db::value<std::int64_t>(
        sql, "select count(*) from deployments where state = 'queued' and intent <= :intent",
        deployment.intent);
}

}  // namespace

DeploymentView view_of(soci::session& sql, const Deployment& deployment,
                       const std::string& base_host, const UrlOf& url_of) {
    const std::string name =
        db::value<std::string>(sql, "select name from projects where id = :id", deployment.project)
            .value_or("");
    const auto production = find_production(sql, deployment.project);
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
        .url = url_of(deployment_host(name, deployment.id, base_host)),
        .hosts = hosts_of_deployment(sql, deployment.id),
        .created_at_ms = deployment.created_at_ms,
        .finished_at_ms = deployment.finished_at_ms,
        .queue_position = queue_position(sql, deployment),
        .steps = db::select<StepView>(
            sql, "from deployment_steps where deployment = :id order by begin_ms", deployment.id),
        .bytes = deployment.bytes,
        .files = deployment.files,
        .log_lines = deployment.log_next,
        .plan = deployment.plan,
        .reused_deployment = deployment.reused_deployment,
        .has_source = deployment.source_sha256.has_value(),
    };
    if (live) view.production_url = url_of(production_host(name, base_host));
    return view;
}

}  // namespace berth::deployments

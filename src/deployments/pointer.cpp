#include "deployments/pointer.hpp"

#include "db/records.hpp"
#include "deployments/host_names.hpp"
#include "deployments/route_publisher.hpp"
#include "deployments/rows.hpp"
#include "deployments/state.hpp"
#include "logs/log_store.hpp"

namespace berth::deployments {
namespace {

/// A branch's alias follows the newest intent of that branch.
bool alias_is_older(soci::session& sql, const std::string& host, std::int64_t intent) {
    const auto current = db::value<std::int64_t>(
        sql,
        "select d.intent from routes r join deployments d on d.id = r.deployment "
        "where r.host = :host",
        host);
    return current.value_or(0) < intent;
}

bool owns_host(soci::session& sql, const std::string& host, const std::string& project) {
    return db::value<std::int64_t>(
               sql,
               "select count(*) from hosts where host = :host and project = :project and "
               "released_at_ms is null",
               host, project)
               .value_or(0) > 0;
}

void say(soci::session& sql, const std::string& deployment, std::int64_t now_ms, std::string text) {
    const jobs::Line line{.at_ms = now_ms, .step = jobs::Step::publish, .text = std::move(text)};
    logs::append_lines(sql, deployment, {line});
}

/// A commit of a repository that is linked to its Git host has checks there.
bool waits_for_host(soci::session& sql, const ProjectRow& project, const Deployment& deployment) {
    if (!project.wait_for_checks || deployment.commit.empty()) return false;
    if (deployment.source != SourceKind::repository) return false;
    return db::value<std::int64_t>(sql, "select count(*) from git_links where project = :project",
                                   project.id)
               .value_or(0) > 0;
}

void begin_waiting(soci::session& sql, const Deployment& deployment, std::int64_t now_ms) {
    db::execute(sql,
                "insert into waiting_promotions (deployment, project, begun_ms, next_at_ms) "
                "values (:id, :project, :begun, :next) on conflict (deployment) do nothing",
                deployment.id, deployment.project, now_ms, now_ms);
    db::execute(sql, "update deployments set waits_for_checks = 1 where id = :id", deployment.id);
    say(sql, deployment.id, now_ms,
        "It goes live when the checks of its commit at the Git host have passed");
}

}  // namespace

void end_waiting(soci::session& sql, const std::string& deployment) {
    db::execute(sql, "delete from waiting_promotions where deployment = :id", deployment);
    db::execute(sql, "update deployments set waits_for_checks = 0 where id = :id", deployment);
}

std::int64_t move_production(soci::session& sql, const Deployment& deployment,
                             const std::string& host, const std::string& kind,
                             const std::string& actor, const std::string& reason, bool rolled_back,
                             std::int64_t now_ms, std::int64_t retention_ms) {
    const std::int64_t generation =
        set_route(sql, host, deployment.project, deployment.id, now_ms, retention_ms);
    const ProductionRow row{deployment.project, deployment.id, deployment.intent, generation,
                            rolled_back};
    db::insert(sql, "productions", row,
               "on conflict (project) do update set deployment = excluded.deployment, "
               "intent = excluded.intent, generation = excluded.generation, "
               "rolled_back = excluded.rolled_back");
    db::execute(sql,
                "insert into promotions (project, generation, deployment, kind, actor, reason, "
                "at_ms) values (:project, :generation, :deployment, :kind, :actor, :reason, :now)",
                deployment.project, generation, deployment.id, kind, actor, reason, now_ms);
    end_waiting(sql, deployment.id);
    announce(sql, "projects", "production", deployment.project, now_ms);
    return generation;
}

std::int64_t go_live(soci::session& sql, const Deployment& deployment, const std::string& base_host,
                     std::int64_t now_ms, std::int64_t retention_ms) {
    const auto project = find_project(sql, deployment.project);
    if (!project) return 0;  // deleted meanwhile; its hosts are gone
    const std::string own = deployment_host(project->name, deployment.id, base_host);
    std::int64_t generation = set_route(sql, own, project->id, deployment.id, now_ms, retention_ms);

    const std::string alias = branch_host(project->name, deployment.ref, base_host);
    if (owns_host(sql, alias, project->id) && alias_is_older(sql, alias, deployment.intent)) {
        generation = set_route(sql, alias, project->id, deployment.id, now_ms, retention_ms);
    }
    if (deployment.environment != Environment::production) return generation;

    const auto production = find_production(sql, project->id);
    if (deployment.checks_failed > 0) {
        say(sql, deployment.id, now_ms,
            fmt::format("{} of {} checks failed, so this one does not go live: what production "
                        "serves stays. An admin may promote it by force",
                        deployment.checks_failed, deployment.checks));
    } else if (production && production->rolled_back) {
        say(sql, deployment.id, now_ms,
            "Production was rolled back, so this one does not take over: promote it to go live");
    } else if (production && production->intent > deployment.intent) {
        say(sql, deployment.id, now_ms, "A newer deployment is live; this one does not replace it");
    } else if (waits_for_host(sql, *project, deployment)) {
        begin_waiting(sql, deployment, now_ms);
    } else {
        const std::string host = production_host(project->name, base_host);
        generation = move_production(sql, deployment, host, "deploy", deployment.actor, "", false,
                                     now_ms, retention_ms);
    }
    return generation;
}

}  // namespace berth::deployments

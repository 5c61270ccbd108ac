/// Promote and roll back: the pointer's own history.

#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/pointer.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {
namespace {

constexpr std::int64_t history_max = 50;

std::vector<Promotion> promotions(soci::session& sql, const std::string& project) {
    return db::select<Promotion>(
        sql, "from promotions where project = :project order by generation desc limit :count",
        project, history_max);
}

/// What was live before: walking back from the pointer through its history, so that a second roll
/// back goes further and does not come back to where the first one left.
std::optional<Deployment> earlier_one(soci::session& sql, const ProductionRow& now) {
    std::set<std::string> passed{now.deployment};
    bool below = false;
    for (const Promotion& promotion : promotions(sql, now.project)) {
        if (promotion.kind == "roll_back") {
            // What a roll back left is ahead of us, not behind.
            continue;
        }
        if (promotion.deployment == now.deployment) below = true;
        if (!below || passed.contains(promotion.deployment)) continue;
        auto found = find_deployment(sql, promotion.deployment);
        if (found && found->artifact) return found;
        passed.insert(promotion.deployment);
    }
    return std::nullopt;
}

/// Whether its checks stand between it and production. What was live already may come back: a
/// roll back is not the time to argue.
bool is_held_back(soci::session& sql, const Deployment& deployment) {
    if (deployment.checks_failed == 0) return false;
    return db::value<std::int64_t>(sql,
                                   "select count(*) from promotions where project = :project and "
                                   "deployment = :id",
                                   deployment.project, deployment.id)
               .value_or(0) == 0;
}

}  // namespace

Task<Production> Deployments::production(std::string project) {
    const auto look = [&](soci::session& sql) {
        Production production{.history = promotions(sql, project)};
        if (const auto row = find_production(sql, project)) {
            production.deployment = row->deployment;
            production.generation = row->generation;
            production.rolled_back = row->rolled_back;
        }
        return production;
    };
    co_return co_await database_.read(look);
}

Task<Result<Production>> Deployments::set_production(std::string project, Move wanted,
                                                     accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const std::string& deployment = wanted.deployment;
    const auto move = [&](soci::session& sql) -> Result<std::int64_t> {
        const auto owner = find_project(sql, project);
        if (!owner) {
            return fail_as(Failure::not_found, "project_not_found", "", "there is no project {}",
                           project);
        }
        const auto live = find_production(sql, project);
        std::optional<Deployment> target;
        if (deployment.empty()) {
            target = live ? earlier_one(sql, *live) : std::nullopt;
            if (!target) {
                return fail_as(Failure::conflict, "nothing_to_roll_back_to", "",
                               "no earlier deployment of {} was live", owner->name);
            }
        } else {
            target = find_deployment(sql, deployment);
        }
        if (!target || target->project != project) {
            return fail_as(Failure::not_found, "deployment_not_found", "/deployment",
                           "{} has no deployment {}", owner->name, deployment);
        }
        if (!target->artifact || target->state != jobs::State::ready) {
            return fail_as(Failure::conflict, "not_ready", "/deployment",
                           "{} is {}: only a ready deployment can be live", target->id,
                           boost::describe::enum_to_string(target->state, ""));
        }
        if (live && live->deployment == target->id) {
            return fail_as(Failure::conflict, "already_live", "/deployment", "{} is live already",
                           target->id);
        }
        const bool held = is_held_back(sql, *target);
        if (held && !wanted.force) {
            return fail_as(Failure::conflict, "checks_failed", "/deployment",
                           "{} of its {} checks failed, so {} does not go live: see "
                           "`berth deployments checks {}`; an admin may force it",
                           target->checks_failed, target->checks, target->id, target->id);
        }
        const bool back = live && target->intent < live->intent;
        // Promoting the newest finished production deployment ends a roll back.
        const auto newest = db::value<std::int64_t>(
            sql,
            "select max(intent) from deployments where project = :project and state = 'ready' and "
            "environment = 'production' and deleted_at_ms is null",
            project);
        const bool rolled_back = back && target->intent < newest.value_or(0);
        const char* action = back ? "production_rolled_back" : "production_promoted";
        accounts::write_audit(sql, now,
                              {actor, held ? "production_forced" : action, project, target->id});
        return move_production(sql, *target, production_host(owner->name, config_.base_host),
                               back ? "roll_back" : "promote", actor.name, wanted.reason,
                               rolled_back, now, config_.retention_ms);
    };
    const Result<std::int64_t> generation = co_await database_.write(move);
    if (!generation) co_return generation.error();
    co_await publish(*generation);
    hint("production", project);
    co_return co_await production(project);
}

}  // namespace berth::deployments

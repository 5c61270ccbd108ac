// Deployments that are ready and go live when others have checked their commit.
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/pointer.hpp"
#include "deployments/rows.hpp"
#include "deployments/state.hpp"
#include "logs/log_store.hpp"

namespace berth::deployments {
namespace {

constexpr std::int64_t waiting_at_once = 20;

/// Says it in the log, and on the deployment's page.
void conclude(soci::session& sql, const Deployment& deployment, const std::string& detail,
              std::int64_t now_ms) {
    end_waiting(sql, deployment.id);
    db::execute(sql, "update deployments set detail = :detail where id = :id", detail,
                deployment.id);
    const jobs::Line line{.at_ms = now_ms, .step = jobs::Step::publish, .text = detail};
    logs::append_lines(sql, deployment.id, {line});
    announce(sql, "deployments", "state", deployment.id, now_ms);
}

/// Why it does not go live although its checks passed, or "".
std::string overtaken(const std::optional<ProductionRow>& live, const Deployment& deployment) {
    if (!live) return "";
    if (live->rolled_back)
        return "Production was rolled back meanwhile: promote this one to go live";
    if (live->intent > deployment.intent) return "A newer deployment went live meanwhile";
    return "";
}

}  // namespace

Task<std::vector<WaitingPromotion>> Deployments::waiting_promotions() {
    const std::int64_t now = clock_();
    const auto look = [&](soci::session& sql) {
        return db::select<WaitingPromotion>(
            sql,
            "from (select w.deployment as deployment, w.project as project, d.\"commit\" as "
            "\"commit\", w.begun_ms as begun_ms, w.next_at_ms as next_at_ms from "
            "waiting_promotions w join deployments d on d.id = w.deployment) as waiting "
            "where next_at_ms <= :now order by next_at_ms limit :count",
            now, waiting_at_once);
    };
    co_return co_await database_.read(look);
}

Task<> Deployments::wait_longer(std::string id, std::int64_t pause_ms) {
    const std::int64_t next = clock_() + pause_ms;
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update waiting_promotions set next_at_ms = :next where deployment = :id",
                    next, id);
    };
    co_await database_.write(work);
}

Task<> Deployments::end_wait(std::string id, std::string refused) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) -> std::int64_t {
        const auto found = find_deployment(sql, id);
        // Promoted by hand, or gone: nobody waits.
        if (!found || !found->waits_for_checks || found->deleted_at_ms) {
            end_waiting(sql, id);
            return 0;
        }
        const auto project = find_project(sql, found->project);
        const std::string why = refused.empty() && project
                                    ? overtaken(find_production(sql, found->project), *found)
                                    : refused;
        if (!project || !why.empty()) {
            conclude(sql, *found, why, now);
            return 0;
        }
        const std::int64_t generation =
            move_production(sql, *found, production_host(project->name, config_.base_host),
                            "deploy", found->actor, "", false, now, config_.retention_ms);
        conclude(sql, *found, "The checks of its commit at the Git host passed: it is live", now);
        return generation;
    };
    const std::int64_t generation = co_await database_.write(work);
    hint("state", id);
    if (generation > 0) co_await publish(generation);
}

}  // namespace berth::deployments

// The end of previews: when their branch or pull request is gone.
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/rows.hpp"
#include "deployments/state.hpp"

namespace berth::deployments {

struct PreviewHost {
    std::string host{};
};
BOOST_DESCRIBE_STRUCT(PreviewHost, (), (host))

namespace {

using jobs::State;

void stop_unfinished(soci::session& sql, const std::string& project, const std::string& ref,
                     const std::string& actor, std::int64_t now_ms) {
    for (const Deployment& running : unfinished(sql, project)) {
        if (running.ref != ref) continue;
        if (running.state == State::queued) {
            const Outcome outcome{.detail = "its preview was taken down", .actor = actor};
            change_state(sql, running, State::canceled, outcome, now_ms);
        } else if (!running.stop) {
            db::execute(
                sql, "update deployments set stop = 'canceled', stop_at_ms = :now where id = :id",
                now_ms, running.id);
        }
    }
}

/// What previews of the ref are served under; nothing of what production serves.
std::vector<PreviewHost> hosts_of_ref(soci::session& sql, const std::string& project,
                                      const std::string& ref) {
    const auto production = find_production(sql, project);
    return db::select<PreviewHost>(
        sql,
        "from (select r.host as host from routes r join deployments d on d.id = r.deployment "
        "join hosts h on h.host = r.host where d.project = :project and d.ref = :ref and "
        "h.kind in ('branch', 'deployment') and d.id <> :live) as previews order by host",
        project, ref, production ? production->deployment : "");
}

}  // namespace

Task<int> Deployments::take_down(std::string project, std::string ref, std::string actor) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) {
        const auto found = find_project(sql, project);
        if (!found || found->branch == ref) return 0;
        stop_unfinished(sql, project, ref, actor, now);
        const std::vector<PreviewHost> previews = hosts_of_ref(sql, project, ref);
        for (const PreviewHost& preview : previews) {
            set_route(sql, preview.host, project, "", now, config_.retention_ms);
            db::execute(sql, "update hosts set released_at_ms = :now where host = :host", now,
                        preview.host);
        }
        announce(sql, "deployments", "taken_down", project, now);
        return static_cast<int>(previews.size());
    };
    const int taken = co_await database_.write(work);
    if (taken > 0) co_await publisher_.publish();
    hint("taken_down", project);
    co_return taken;
}

}  // namespace berth::deployments

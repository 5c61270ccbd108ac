// The end of previews: when their branch or pull request is gone.
#include "db/records.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "deployments/rows.hpp"
#include "deployments/state.hpp"
#include "rules/branch_rules.hpp"

namespace berth::deployments {

struct PreviewHost {
    std::string host{};
};
BOOST_DESCRIBE_STRUCT(PreviewHost, (), (host))

/// The newest deployment of a ref, with what is special about its previews.
struct PreviewRow {
    std::string ref{};
    std::string deployment{};
    jobs::State state{};
    std::int64_t deployed_at_ms = 0;
    bool kept = false;
    std::optional<std::int64_t> expired_at_ms{};
};
BOOST_DESCRIBE_STRUCT(PreviewRow, (), (ref, deployment, state, deployed_at_ms, kept, expired_at_ms))

struct OldPreview {
    std::string project{};
    std::string ref{};
};
BOOST_DESCRIBE_STRUCT(OldPreview, (), (project, ref))

namespace {

using jobs::State;

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t expired_at_once = 100;

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

/// How many addresses went.
int take_down_ref(soci::session& sql, const DeploymentsConfig& config, const std::string& project,
                  const std::string& ref, const std::string& actor, std::int64_t now_ms) {
    const auto found = find_project(sql, project);
    if (!found || found->branch == ref) return 0;
    stop_unfinished(sql, project, ref, actor, now_ms);
    const std::vector<PreviewHost> previews = hosts_of_ref(sql, project, ref);
    for (const PreviewHost& preview : previews) {
        set_route(sql, preview.host, project, "", now_ms, config.retention_ms);
        db::execute(sql, "update hosts set released_at_ms = :now where host = :host", now_ms,
                    preview.host);
    }
    announce(sql, "deployments", "taken_down", project, now_ms);
    return static_cast<int>(previews.size());
}

/// "" is every ref.
std::vector<PreviewRow> preview_rows(soci::session& sql, const std::string& project,
                                     const std::string& ref) {
    return db::select<PreviewRow>(
        sql,
        "from (select d.ref as ref, d.id as deployment, d.state as state, "
        "d.created_at_ms as deployed_at_ms, coalesce(p.kept, 0) as kept, "
        "p.expired_at_ms as expired_at_ms from deployments d "
        "left join previews p on p.project = d.project and p.ref = d.ref "
        "where d.intent in (select max(intent) from deployments where project = :project and "
        "environment = 'preview' and deleted_at_ms is null group by ref)) as newest "
        "where ref = :ref or :any = '' order by deployed_at_ms desc limit 200",
        project, ref, ref);
}

Preview preview_of(soci::session& sql, const DeploymentsConfig& config, const ProjectRow& project,
                   const PreviewRow& row) {
    Preview preview{.ref = row.ref,
                    .deployment = row.deployment,
                    .state = row.state,
                    .deployed_at_ms = row.deployed_at_ms,
                    .kept = row.kept,
                    .expired_at_ms = row.expired_at_ms};
    const std::string host = branch_host(project.name, row.ref, config.base_host);
    const auto served =
        db::value<std::string>(sql, "select deployment from routes where host = :host", host);
    if (served && !served->empty()) preview.url = config.url_of(host);
    const bool ages = project.preview_days > 0 && !row.kept && !row.expired_at_ms;
    if (ages) preview.expires_at_ms = row.deployed_at_ms + project.preview_days * day_ms;
    return preview;
}

/// Those whose time is over and that were not taken down for it yet.
/// `only` nothing: of every project.
std::vector<OldPreview> old_previews(soci::session& sql, std::int64_t now_ms,
                                     const OldPreview& only) {
    return db::select<OldPreview>(
        sql,
        "from (select d.project as project, d.ref as ref, max(d.created_at_ms) as last_ms, "
        "p.preview_days as days from projects p join deployments d on d.project = p.id "
        "where p.preview_days > 0 and p.deleted_at_ms is null and d.ref <> p.branch and "
        "d.environment = 'preview' and d.deleted_at_ms is null and not exists (select 1 from "
        "previews v where v.project = d.project and v.ref = d.ref and "
        "(v.kept = 1 or v.expired_at_ms is not null)) "
        "group by d.project, d.ref, p.preview_days) as aged "
        "where last_ms + days * :day <= :now and (:any = '' or (project = :project and "
        "ref = :ref)) order by last_ms limit :count",
        day_ms, now_ms, only.project, only.project, only.ref, expired_at_once);
}

}  // namespace

Task<std::string> Deployments::refuses_branch(std::string project, std::string ref) {
    const auto look = [&](soci::session& sql) {
        const auto found = find_project(sql, project);
        return found ? rules::refused_branch(found->preview_branches, found->branch, ref)
                     : std::string();
    };
    co_return co_await database_.read(look);
}

Task<std::vector<Preview>> Deployments::previews(std::string project) {
    const auto look = [&](soci::session& sql) {
        std::vector<Preview> all;
        const auto found = find_project(sql, project);
        if (!found) return all;
        for (const PreviewRow& row : preview_rows(sql, project, ""))
            all.push_back(preview_of(sql, config_, *found, row));
        return all;
    };
    co_return co_await database_.read(look);
}

Task<Result<Preview>> Deployments::keep_preview(std::string project, std::string ref, bool kept,
                                                accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) -> Result<Preview> {
        const auto found = find_project(sql, project);
        std::vector<PreviewRow> rows;
        if (found) rows = preview_rows(sql, project, ref);
        if (rows.empty() || ref.empty()) {
            return fail_as(Failure::not_found, "preview_not_found", "/ref",
                           "ref: nothing of '{}' was deployed as a preview", ref);
        }
        rows.front().kept = kept;
        db::execute(sql,
                    "insert into previews (project, ref, kept) values (:project, :ref, :kept) "
                    "on conflict (project, ref) do update set kept = excluded.kept",
                    project, ref, kept);
        accounts::write_audit(sql, now,
                              {actor, kept ? "preview_kept" : "preview_unkept", project, ref});
        announce(sql, "deployments", "preview", project, now);
        return preview_of(sql, config_, *found, rows.front());
    };
    const Result<Preview> changed = co_await database_.write(work);
    if (changed) hint("preview", project);
    co_return changed;
}

Task<int> Deployments::expire_previews() {
    const std::int64_t now = clock_();
    const auto look = [&](soci::session& sql) { return old_previews(sql, now, {}); };
    const std::vector<OldPreview> old = co_await database_.read(look);
    if (old.empty()) co_return 0;
    for (const OldPreview& one : old) {
        const auto expire = [&](soci::session& sql) {
            // Deployed again, or kept, since it was looked at: it stays.
            if (old_previews(sql, now, one).empty()) return;
            take_down_ref(sql, config_, one.project, one.ref, "its age", now);
            db::execute(sql,
                        "insert into previews (project, ref, kept, expired_at_ms) values "
                        "(:project, :ref, 0, :now) on conflict (project, ref) do update set "
                        "expired_at_ms = excluded.expired_at_ms",
                        one.project, one.ref, now);
        };
        co_await database_.write(expire);
        hint("taken_down", one.project);
    }
    co_await publisher_.publish();
    co_return static_cast<int>(old.size());
}

Task<int> Deployments::take_down(std::string project, std::string ref, std::string actor) {
    const std::int64_t now = clock_();
    const auto work = [&](soci::session& sql) {
        return take_down_ref(sql, config_, project, ref, actor, now);
    };
    const int taken = co_await database_.write(work);
    if (taken > 0) co_await publisher_.publish();
    hint("taken_down", project);
    co_return taken;
}

}  // namespace berth::deployments

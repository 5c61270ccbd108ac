#include "deployments/deployments.hpp"

#include <sys/statvfs.h>

#include "base/id.hpp"
#include "db/records.hpp"
#include "deployments/host_names.hpp"
#include "deployments/rows.hpp"
#include "deployments/view.hpp"
#include "logs/log_store.hpp"

namespace berth::deployments {

struct RefRow {
    std::string ref{};
};
BOOST_DESCRIBE_STRUCT(RefRow, (), (ref))

namespace {

using jobs::State;

Error no_deployment(const std::string& id) {
    return fail_as(Failure::not_found, "deployment_not_found", "", "there is no deployment {}", id);
}

Error no_project(const std::string& id) {
    return fail_as(Failure::not_found, "project_not_found", "", "there is no project {}", id);
}

Error no_repository(const std::string& name) {
    return fail_as(
        Failure::conflict, "no_repository", "",
        "{} has no repository to clone: deploy a directory (`berth deploy DIR`), push to "
        "Berth's own remote (`berth git remote`), or set its repo_url",
        name);
}

/// The disk's reserve: below it nothing new is begun, so that what runs can end.
Result<> room_for_builds(const DeploymentsConfig& config) {
    struct statvfs disk{};
    if (config.reserved_directory.empty() ||
        ::statvfs(config.reserved_directory.c_str(), &disk) != 0) {
        return {};
    }
    const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    if (free >= config.disk_reserve_bytes) return {};
    return fail_as(
        Failure::unavailable, "disk_full", "",
        "the disk has {} MiB left, the reserve is {} MiB: delete old deployments and run "
        "`berth gc`, or make room",
        free >> 20, config.disk_reserve_bytes >> 20);
}

/// Takes the name if nobody has it; a name of the same project may be taken again.
bool claim_host(soci::session& sql, const std::string& host, const std::string& project,
                const std::string& kind, const std::string& branch, std::int64_t now_ms) {
    return db::execute(sql,
                       "insert into hosts (host, project, kind, branch, created_at_ms) "
                       "values (:host, :project, :kind, :branch, :now) on conflict (host) do "
                       "update set released_at_ms = null where hosts.project = excluded.project",
                       host, project, kind, branch, now_ms) > 0;
}

void cancel_all(soci::session& sql, const std::string& project, const std::string& actor,
                std::int64_t now_ms) {
    for (const Deployment& running : unfinished(sql, project)) {
        const Outcome outcome{.detail = "its project was deleted", .actor = actor};
        change_state(sql, running, State::canceled, outcome, now_ms);
    }
}

jobs::Line system_line(std::int64_t now_ms, std::string text) {
    return {.at_ms = now_ms, .text = std::move(text)};
}

/// A newer deployment of the same branch makes older unfinished ones pointless.
void supersede_older(soci::session& sql, const Deployment& newer, std::int64_t now_ms) {
    for (const Deployment& older : unfinished(sql, newer.project)) {
        if (older.ref != newer.ref || older.intent >= newer.intent) continue;
        const Outcome outcome{.detail = "a newer deployment of " + newer.ref + " took its place",
                              .actor = newer.actor};
        if (older.state == State::queued) {
            change_state(sql, older, State::superseded, outcome, now_ms);
        } else if (!older.stop) {
            db::execute(sql,
                        "update deployments set stop = 'superseded', stop_at_ms = :now "
                        "where id = :id",
                        now_ms, older.id);
        }
    }
}

}  // namespace

void Deployments::hint(std::string type, std::string id) {
    bus_.publish(
        {.topic = "outbox", .type = std::move(type), .id = std::move(id), .at_ms = clock_()});
}

Viewer Deployments::viewer(soci::session& sql) {
    return Viewer(sql, config_.base_host, config_.url_of, config_.admission, clock_());
}

Task<Result<DeploymentView>> Deployments::create(NewDeployment wanted) {
    if (const Result<> room = room_for_builds(config_); !room) co_return room.error();
    const std::int64_t now = clock_();
    const auto insert = [&](soci::session& sql) -> Result<DeploymentView> {
        const auto there = wanted.id.empty() ? std::nullopt : find_deployment(sql, wanted.id);
        if (there) return viewer(sql).view(*there);
        const auto project = find_project(sql, wanted.project);
        if (!project) return no_project(wanted.project);
        if (wanted.source == SourceKind::repository && project->repo_url.empty()) {
            return no_repository(project->name);
        }
        const std::string ref = wanted.ref.empty() ? project->branch : wanted.ref;
        const Deployment made{
            .id = wanted.id.empty() ? new_id("dpl") : wanted.id,
            .project = project->id,
            .intent = db::next_number(sql, "intent"),
            .environment = ref == project->branch && !wanted.fork ? Environment::production
                                                                  : Environment::preview,
            .ref = ref,
            .commit = wanted.commit,
            .trigger = wanted.trigger,
            .actor = wanted.actor,
            .created_at_ms = now,
            .reuse = wanted.reuse && wanted.use_caches && !wanted.fork,
            .use_caches = wanted.use_caches && !wanted.fork,
            .source_sha256 = wanted.source_sha256,
            .source = wanted.source,
            .prebuilt = wanted.prebuilt,
            .fork = wanted.fork,
            .own_variables = wanted.own_variables,
        };
        db::insert(sql, "deployments", made);
        if (!wanted.sealed_variables.empty()) {
            db::execute(sql,
                        "insert into deployment_own_variables (deployment, sealed_values) values "
                        "(:deployment, :sealed)",
                        made.id, wanted.sealed_variables);
        }
        db::execute(sql,
                    "insert into deployment_events (id, deployment, at_ms, state, actor) "
                    "values (:id, :deployment, :now, 'queued', :actor)",
                    db::next_number(sql, "deployment_event"), made.id, now, made.actor);
        claim_host(sql, deployment_host(project->name, made.id, config_.base_host), project->id,
                   "deployment", "", now);
        claim_host(sql, branch_host(project->name, ref, config_.base_host), project->id, "branch",
                   ref, now);
        db::execute(sql,
                    "update previews set expired_at_ms = null where project = :project and "
                    "ref = :ref",
                    project->id, ref);
        if (project->supersede) supersede_older(sql, made, now);
        Viewer views = viewer(sql);
        std::vector<jobs::Line> lines{system_line(now, "Queued " + project->name + " at " + ref)};
        if (auto why = words_of(views.place(made), now)) {
            lines.push_back(system_line(now, std::move(*why)));
        }
        if (!made.own_variables.empty()) {
            lines.push_back(system_line(now, fmt::format("Variables of this deployment alone: {}",
                                                         fmt::join(made.own_variables, ", "))));
        }
        logs::append_lines(sql, made.id, lines);
        mark_report(sql, made.id, project->id, now);
        announce(sql, "deployments", "created", made.id, now);
        return views.view(*find_deployment(sql, made.id));
    };
    const Result<DeploymentView> created = co_await database_.write(insert);
    if (created) {
        hint("created", created->id);
        bus_.publish({.topic = "queue", .type = "build", .id = created->id});
    }
    co_return created;
}

Task<Result<Deployment>> Deployments::row(std::string id) {
    const auto find = [&](soci::session& sql) { return find_deployment(sql, id); };
    std::optional<Deployment> found = co_await database_.read(find);
    if (!found) co_return no_deployment(id);
    co_return std::move(*found);
}

Task<Result<DeploymentView>> Deployments::find(std::string id) {
    const auto find = [&](soci::session& sql) -> Result<DeploymentView> {
        const auto found = find_deployment(sql, id);
        if (!found) return no_deployment(id);
        return viewer(sql).view(*found);
    };
    co_return co_await database_.read(find);
}

Task<DeploymentPage> Deployments::list(std::string project, std::int64_t below, int limit) {
    const auto find = [&](soci::session& sql) {
        DeploymentPage page;
        Viewer views = viewer(sql);
        const auto rows = db::select<Deployment>(
            sql,
            "from deployments where project = :project and deleted_at_ms is null and "
            "(intent < :below or :all = 0) order by intent desc limit :count",
            project, below, below, static_cast<std::int64_t>(limit) + 1);
        for (const Deployment& found : rows) {
            if (page.items.size() == static_cast<std::size_t>(limit)) {
                page.next = rows[page.items.size() - 1].intent;
                break;
            }
            page.items.push_back(views.view(found));
        }
        return page;
    };
    co_return co_await database_.read(find);
}

Task<std::map<std::string, DeploymentView>> Deployments::newest(std::vector<std::string> projects) {
    // One read for a page of projects: a turn of the database for each would cost more than the
    // rows.
    const auto find = [&](soci::session& sql) {
        std::map<std::string, DeploymentView> newest;
        Viewer views = viewer(sql);
        for (const std::string& project : projects) {
            const auto row = db::select_one<Deployment>(
                sql,
                "from deployments where project = :project and deleted_at_ms is null "
                "order by intent desc limit 1",
                project);
            if (row) newest.emplace(project, views.view(*row));
        }
        return newest;
    };
    co_return co_await database_.read(find);
}

Task<std::vector<StateEvent>> Deployments::history(std::string id) {
    const auto find = [&](soci::session& sql) {
        return db::select<StateEvent>(
            sql, "from deployment_events where deployment = :id order by deployment_events.id", id);
    };
    co_return co_await database_.read(find);
}

Task<Result<DeploymentView>> Deployments::cancel(std::string id, std::string actor) {
    const std::int64_t now = clock_();
    const auto stop = [&](soci::session& sql) -> Result<DeploymentView> {
        const auto found = find_deployment(sql, id);
        if (!found) return no_deployment(id);
        if (jobs::is_terminal(found->state)) {
            return fail_as(Failure::conflict, "deployment_ended", "", "it is already {}",
                           boost::describe::enum_to_string(found->state, ""));
        }
        if (found->artifact) {
            return fail_as(Failure::conflict, "deployment_ended", "",
                           "it has just gone live: roll back instead");
        }
        if (found->state == State::queued) {
            const Outcome outcome{.detail = "canceled before it began", .actor = actor};
            change_state(sql, *found, State::canceled, outcome, now);
        } else {
            db::execute(sql,
                        "update deployments set stop = 'canceled', "
                        "stop_at_ms = coalesce(stop_at_ms, :now) where id = :id",
                        now, id);
            announce(sql, "deployments", "stopping", id, now);
        }
        return viewer(sql).view(*find_deployment(sql, id));
    };
    const Result<DeploymentView> stopped = co_await database_.write(stop);
    if (stopped) hint("canceled", id);
    co_return stopped;
}

Task<Result<DeploymentView>> Deployments::redeploy(std::string id, Repeat how) {
    const Result<Deployment> old = co_await row(id);
    if (!old) co_return old.error();
    NewDeployment wanted{.id = std::move(how.id),
                         .project = old->project,
                         .ref = old->ref,
                         .commit = old->commit,
                         .reuse = how.reuse,
                         .use_caches = how.use_caches,
                         .trigger = how.trigger,
                         .actor = std::move(how.actor),
                         .source_sha256 = old->source_sha256,
                         .source = old->source,
                         .prebuilt = old->prebuilt,
                         .fork = old->fork};
    co_return co_await create(std::move(wanted));
}

Task<std::vector<std::string>> Deployments::branches(std::string project) {
    const auto query = [&](soci::session& sql) {
        std::vector<std::string> refs;
        const auto rows = db::select<RefRow>(sql,
                                             "from (select ref, max(intent) as intent from "
                                             "deployments where project = :project group by ref) "
                                             "as refs order by intent desc limit 1000",
                                             project);
        refs.reserve(rows.size());
        for (const RefRow& row : rows)
            refs.push_back(row.ref);
        return refs;
    };
    co_return co_await database_.read(query);
}

Task<Result<>> Deployments::remove(std::string id, accounts::AuditActor actor) {
    const std::int64_t now = clock_();
    const auto forget = [&](soci::session& sql) -> Result<> {
        const auto found = find_deployment(sql, id);
        if (!found) return no_deployment(id);
        const auto production = find_production(sql, found->project);
        if (production && production->deployment == id) {
            return fail_as(Failure::conflict, "deployment_live", "",
                           "it is what production serves: promote another one first");
        }
        if (!jobs::is_terminal(found->state)) {
            return fail_as(Failure::conflict, "deployment_running", "",
                           "it is still {}: cancel it first",
                           boost::describe::enum_to_string(found->state, ""));
        }
        for (const std::string& host : hosts_of_deployment(sql, id)) {
            set_route(sql, host, found->project, "", now, config_.retention_ms);
            db::execute(sql, "update hosts set released_at_ms = :now where host = :host", now,
                        host);
        }
        db::execute(sql, "update deployments set deleted_at_ms = :now where id = :id", now, id);
        accounts::write_audit(sql, now, {actor, "deployment_removed", id, ""});
        announce(sql, "deployments", "removed", id, now);
        return {};
    };
    const Result<> forgotten = co_await database_.write(forget);
    if (forgotten) {
        co_await publisher_.publish();
        hint("removed", id);
    }
    co_return forgotten;
}

Task<> Deployments::stop_project(std::string project, std::string actor) {
    const std::int64_t now = clock_();
    const auto stop = [&](soci::session& sql) { cancel_all(sql, project, actor, now); };
    co_await database_.write(stop);
    co_await publisher_.publish();
    hint("removed", project);
}

Task<> Deployments::remove_project(std::string project, std::string actor) {
    const std::int64_t now = clock_();
    const auto forget = [&](soci::session& sql) {
        cancel_all(sql, project, actor, now);
        for (const std::string& host : hosts_of_project(sql, project)) {
            set_route(sql, host, project, "", now, config_.retention_ms);
        }
        db::execute(sql,
                    "update hosts set released_at_ms = :now "
                    "where project = :project and released_at_ms is null",
                    now, project);
        db::execute(sql,
                    "update deployments set deleted_at_ms = :now "
                    "where project = :project and deleted_at_ms is null",
                    now, project);
        db::execute(sql, "delete from productions where project = :project", project);
        announce(sql, "projects", "removed", project, now);
    };
    co_await database_.write(forget);
    co_await publisher_.publish();
    hint("removed", project);
}

}  // namespace berth::deployments

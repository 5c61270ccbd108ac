// A project's end, and its way back: deleted, it keeps everything for a time and serves nothing.
#include "accounts/audit.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "projects/git_rows.hpp"
#include "projects/host_rows.hpp"
#include "projects/project_rows.hpp"
#include "projects/undo.hpp"

namespace berth::projects {
namespace {

constexpr std::int64_t purges_max = 100;

/// Deleted, and still to be had back.
std::optional<Project> restorable(soci::session& sql, const std::string& team,
                                  const std::string& id, std::int64_t now_ms) {
    return db::select_one<Project>(sql,
                                   "from projects where id = :id and team = :team and "
                                   "deleted_at_ms is not null and purge_at_ms > :now",
                                   id, team, now_ms);
}

Error nothing_to_restore() {
    return fail(Failure::not_found, "no deleted project of the team can be had back by that id");
}

/// Its deployments are forgotten afterwards, by their own room, which finds it by this mark.
void purge_rows(soci::session& sql, const Project& project, const accounts::AuditActor& actor,
                std::int64_t now_ms) {
    db::execute(sql, "update projects set purge_at_ms = null where id = :id", project.id);
    release_hosts(sql, project.id, now_ms);
    close_site_access(sql, project.id);
    drop_link(sql, project.id, now_ms);
    for (const char* table : {"connections", "variables", "hooks", "webhooks", "project_keys",
                              "schedules", "previews", "waiting_promotions", "badges"}) {
        db::execute(sql, std::string("delete from ") + table + " where project = :project",
                    project.id);
    }
    // One that is for others too goes on there: the id in its list opens nothing any more.
    db::execute(sql,
                "update tokens set revoked_at_ms = :now where projects = :alone and "
                "revoked_at_ms is null",
                now_ms, "[\"" + project.id + "\"]");
    accounts::write_audit(sql, now_ms, {actor, "project_purged", project.id, project.name});
}

/// The production host and its route, which a later project of that name may have had.
Result<> take_name_back(soci::session& sql, const Project& project, const std::string& host,
                        std::int64_t now_ms) {
    const Result<> claimed = claim_production_host(sql, host, project.id, project.team, now_ms,
                                                   ProjectStore::tombstone_ms);
    if (!claimed) return claimed.error();
    const auto live = db::value<std::string>(
        sql, "select deployment from productions where project = :project", project.id);
    db::execute(sql,
                "update routes set project = :project, deployment = :deployment, previous = '[]' "
                "where host = :host and project <> :same",
                project.id, live.value_or(""), host, project.id);
    return {};
}

}  // namespace

Task<Result<>> ProjectStore::remove(std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        db::execute(sql,
                    "update projects set deleted_at_ms = :now, purge_at_ms = :purge where id = :id",
                    now, now + undo_ms, project);
        renew_routes(sql, project);
        accounts::write_audit(sql, now, {actor, "project_deleted", project, found->name});
        announce(sql, "removed", project, now);
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<DeletedProject>> ProjectStore::deleted(std::string team) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<DeletedProject>(
            sql,
            "from projects where team = :team and deleted_at_ms is not null and purge_at_ms > :now "
            "order by deleted_at_ms desc",
            team, now);
    };
    co_return co_await database_.read(query);
}

Task<Result<ProjectDetails>> ProjectStore::restore(std::string team, std::string project,
                                                   Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<ProjectDetails> {
        const std::optional<Project> found = restorable(sql, team, project, now);
        if (!found) return nothing_to_restore();
        const Result<> has_room = check_room(sql, team);
        if (!has_room) return has_room.error();
        const auto heir = db::value<std::string>(
            sql, "select id from projects where name = :name and deleted_at_ms is null",
            found->name);
        if (heir) {
            return fail_as(Failure::conflict, "name_taken", "",
                           "{} is the name of another project now: delete that one first",
                           found->name);
        }
        const Result<> named = take_name_back(sql, *found, host_of(found->name), now);
        if (!named) throw Undo{named.error()};
        db::execute(sql,
                    "update projects set deleted_at_ms = null, purge_at_ms = null, version = "
                    "version + 1 where id = :id",
                    project);
        renew_routes(sql, project);
        accounts::write_audit(sql, now, {actor, "project_restored", project, found->name});
        announce(sql, "restored", project, now);
        return details_of(sql, *living(sql, project));
    };
    co_return co_await write_or_undo(database_, work);
}

Task<Result<>> ProjectStore::purge(std::string team, std::string project, Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<Project> found = restorable(sql, team, project, now);
        if (!found) return nothing_to_restore();
        purge_rows(sql, *found, actor, now);
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<std::string>> ProjectStore::purge_due() {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const std::vector<Project> due = db::select<Project>(
            sql,
            "from projects where deleted_at_ms is not null and purge_at_ms <= :now "
            "order by purge_at_ms limit :max",
            now, purges_max);
        std::vector<std::string> ids;
        for (const Project& project : due) {
            purge_rows(sql, project, "", now);
            ids.push_back(project.id);
        }
        return ids;
    };
    co_return co_await database_.write(work);
}

Task<Result<ProjectDetails>> ProjectStore::transfer(std::string project, std::string team,
                                                    Actor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<ProjectDetails> {
        std::optional<Project> found = living(sql, project);
        if (!found) return no_such_project();
        if (found->team == team) return details_of(sql, std::move(*found));
        const Result<> has_room = check_room(sql, team);
        if (!has_room) return has_room.error();
        db::execute(sql, "update projects set team = :team, version = version + 1 where id = :id",
                    team, project);
        drop_link(sql, project, now);  // the connection is the other team's
        accounts::write_audit(sql, now,
                              {actor, "project_transferred", project,
                               fmt::format("{}: from {} to {}", found->name, found->team, team)});
        announce(sql, "changed", project, now);
        return details_of(sql, *living(sql, project));
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::projects

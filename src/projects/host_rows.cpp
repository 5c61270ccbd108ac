#include "projects/host_rows.hpp"

#include "db/records.hpp"

namespace berth::projects {

struct HostRow {
    std::string host{};
    std::string project{};
    std::string kind{};
    std::string branch{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> released_at_ms{};
};
BOOST_DESCRIBE_STRUCT(HostRow, (), (host, project, kind, branch, created_at_ms, released_at_ms))

struct RoutedHost {
    std::string host{};
};
BOOST_DESCRIBE_STRUCT(RoutedHost, (), (host))

namespace {

/// Whether a name that somebody has, or had, may be taken now.
bool may_take(soci::session& sql, const HostRow& row, const std::string& team, std::int64_t now_ms,
              std::int64_t tombstone_ms) {
    if (!row.released_at_ms) return false;
    if (*row.released_at_ms + tombstone_ms <= now_ms) return true;
    const auto owner =
        db::value<std::string>(sql, "select team from projects where id = :id", row.project);
    return owner == team;
}

/// Whether a deleted project of the same team still has it; another team's is simply taken.
bool rests_deleted(soci::session& sql, const HostRow& row, const std::string& team) {
    return db::value<std::int64_t>(sql,
                                   "select count(*) from projects where id = :id and team = :team "
                                   "and purge_at_ms is not null",
                                   row.project, team)
               .value_or(0) > 0;
}

}  // namespace

Result<> claim_production_host(soci::session& sql, const std::string& host,
                               const std::string& project, const std::string& team,
                               std::int64_t now_ms, std::int64_t tombstone_ms) {
    const auto taken = db::select_one<HostRow>(sql, "from hosts where host = :host", host);
    if (taken && taken->project == project && !taken->released_at_ms) return {};
    const bool free = !taken || rests_deleted(sql, *taken, team) ||
                      may_take(sql, *taken, team, now_ms, tombstone_ms);
    if (!free) {
        return fail_as(Failure::conflict, "name_taken", "/name", "name: {} is taken", host);
    }
    db::execute(sql, "delete from hosts where host = :host", host);
    const HostRow row{.host = host,
                      .project = project,
                      .kind = "production",
                      .branch = {},
                      .created_at_ms = now_ms,
                      .released_at_ms = std::nullopt};
    db::insert(sql, "hosts", row);
    return {};
}

void renew_routes(soci::session& sql, const std::string& project) {
    const auto routes = db::select<RoutedHost>(
        sql, "from routes where project = :project and deployment <> ''", project);
    for (const RoutedHost& route : routes) {
        const std::int64_t generation = db::next_number(sql, "generation");
        db::execute(sql, "update routes set generation = :generation where host = :host",
                    generation, route.host);
    }
}

void release_hosts(soci::session& sql, const std::string& project, std::int64_t now_ms) {
    db::execute(sql,
                "update hosts set released_at_ms = :now where project = :project and "
                "released_at_ms is null",
                now_ms, project);
}

}  // namespace berth::projects

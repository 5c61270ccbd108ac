#include "deployments/rows.hpp"

#include "db/records.hpp"

namespace berth::deployments {

const char* const held_states = "('preparing','cloning','installing','building','publishing')";

std::vector<jobs::Check> find_checks(soci::session& sql, const std::string& deployment) {
    const auto row =
        db::select_one<ChecksRow>(sql, "from deployment_checks where deployment = :id", deployment);
    return row ? row->items : std::vector<jobs::Check>();
}

std::optional<Deployment> find_deployment(soci::session& sql, const std::string& id) {
    return db::select_one<Deployment>(
        sql, "from deployments where id = :id and deleted_at_ms is null", id);
}

std::optional<ProjectRow> find_project(soci::session& sql, const std::string& id) {
    return db::select_one<ProjectRow>(sql, "from projects where id = :id and deleted_at_ms is null",
                                      id);
}

std::optional<ProductionRow> find_production(soci::session& sql, const std::string& project) {
    return db::select_one<ProductionRow>(sql, "from productions where project = :project", project);
}

std::vector<Deployment> unfinished(soci::session& sql, const std::string& project) {
    return db::select<Deployment>(
        sql,
        std::string(
            "from deployments where project = :project and (state = 'queued' or state in ") +
            held_states + ") order by intent",
        project);
}

namespace {

struct HostRow {
    std::string host{};
};
BOOST_DESCRIBE_STRUCT(HostRow, (), (host))

std::vector<std::string> names(const std::vector<HostRow>& rows) {
    std::vector<std::string> hosts;
    hosts.reserve(rows.size());
    for (const HostRow& row : rows)
        hosts.push_back(row.host);
    return hosts;
}

}  // namespace

std::vector<std::string> hosts_of_deployment(soci::session& sql, const std::string& deployment) {
    return names(
        db::select<HostRow>(sql, "from routes where deployment = :id order by host", deployment));
}

std::vector<std::string> hosts_of_project(soci::session& sql, const std::string& project) {
    return names(db::select<HostRow>(
        sql, "from routes where project = :project and deployment <> '' order by host", project));
}

}  // namespace berth::deployments

#include "projects/project_rows.hpp"

#include "db/records.hpp"

namespace berth::projects {
namespace {

constexpr std::int64_t projects_per_team_max = 1000;

}  // namespace

std::optional<Project> living(soci::session& sql, const std::string& id) {
    return db::select_one<Project>(sql, "from projects where id = :id and deleted_at_ms is null",
                                   id);
}

ProjectDetails details_of(soci::session& sql, Project project) {
    ProjectDetails details;
    details.credential = view_credential(sql, project.id);
    details.access = view_site_access(sql, project.id);
    details.production = db::select_one<ProductionPointer>(
        sql, "from productions where project = :project and deployment <> ''", project.id);
    details.project = std::move(project);
    return details;
}

Error no_such_project() {
    return fail(Failure::not_found, "no such project");
}

Result<> check_room(soci::session& sql, const std::string& team) {
    const auto count = db::value<std::int64_t>(
        sql, "select count(*) from projects where team = :team and deleted_at_ms is null", team);
    if (count.value_or(0) < projects_per_team_max) return {};
    return fail_as(Failure::conflict, "too_many_projects", "", "a team has at most {} projects",
                   projects_per_team_max);
}

void announce(soci::session& sql, const std::string& type, const std::string& project,
              std::int64_t now_ms) {
    db::execute(sql,
                "insert into outbox (id, topic, type, subject, at_ms) "
                "values (:id, 'projects', :type, :project, :now)",
                db::next_number(sql, "outbox"), type, project, now_ms);
}

}  // namespace berth::projects

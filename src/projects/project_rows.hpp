#pragma once
/// Queries of projects that several files of this room share; inside a read or a write.

#include <optional>
#include <string>

#include "projects/project_store.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// Not deleted.
std::optional<Project> living(soci::session& sql, const std::string& id);

ProjectDetails details_of(soci::session& sql, Project project);

Error no_such_project();

/// Whether a team may have one more. Errors: conflict — too_many_projects.
Result<> check_room(soci::session& sql, const std::string& team);

/// Tells readers of the event stream, after the commit.
void announce(soci::session& sql, const std::string& type, const std::string& project,
              std::int64_t now_ms);

}  // namespace berth::projects

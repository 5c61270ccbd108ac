#pragma once
/// Roles in one project: what somebody may do there besides, or without, a place in its team.

#include <optional>
#include <string>
#include <vector>

#include "accounts/team.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace soci {
class session;
}

namespace berth::accounts {

/// The greater of a person's roles in a project, by its team and by itself; nothing: a stranger,
/// who must not learn that it is there. Deleted projects count: their people still get the last
/// event.
std::optional<TeamRole> role_in_project(soci::session& sql, const std::string& project,
                                        const std::string& user);

class ProjectRoles {
public:
    static constexpr std::int64_t people_per_project_max = 200;

    /// Both must outlive this.
    ProjectRoles(db::Database& database, Clock now_ms);

    /// Oldest account first: who has a role in the project itself.
    Task<std::vector<Member>> list(std::string project);

    /// `person`: id or e-mail address. The role is the project's, not the team's.
    /// Errors: not_found — member_not_found.
    Task<Result<Member>> find(std::string project, std::string person);

    /// Gives or changes a role; `owner` is a team's alone.
    /// Errors: invalid — invalid_role at /role; not_found — user_not_found; conflict —
    ///         too_many_members.
    Task<Result<Member>> set(std::string project, std::string person, TeamRole role, User actor);

    /// Errors: not_found — member_not_found.
    Task<Result<>> remove(std::string project, std::string person, User actor);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts

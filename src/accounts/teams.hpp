#pragma once
/// Teams: making, renaming and deleting them, and who belongs to them as what. Who may ask is
/// decided before (api/access.cpp); the rules between roles hold here, in the transaction of the
/// change. Links that let people join: invitations.hpp. Roles in one project: project_roles.hpp.

#include <optional>
#include <string>
#include <vector>

#include "accounts/team.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct NewTeam {
    std::string slug{};
    std::string name{};  // "": the slug
};

/// What is not given stays.
struct TeamChange {
    std::optional<std::string> slug{};
    std::optional<std::string> name{};
    std::optional<std::optional<std::int64_t>> second_factor{};  // from when on; none: not at all
};

class Teams {
public:
    static constexpr std::int64_t teams_per_person_max = 100;  // who is in as many makes no more
    static constexpr std::int64_t second_factor_grace_ms_max = 30ll * 24 * 3600 * 1000;

    /// Both must outlive this.
    Teams(db::Database& database, Clock now_ms);

    /// The person owns the team. Errors: invalid; conflict — slug_taken, too_many_teams.
    Task<Result<Team>> add(NewTeam wanted, User actor);

    /// Of an owner. Errors: invalid; conflict — slug_taken, second_factor_first; not_found;
    /// forbidden.
    Task<Result<Team>> change(std::string team, TeamChange change, User actor);

    /// Of an owner; ends its memberships and invitations, and frees its slug.
    /// Errors: conflict — team_has_projects; not_found; forbidden.
    Task<Result<>> remove(std::string team, User actor);

    /// Oldest first: the teams of a person.
    Task<std::vector<Team>> list(std::string user);

    /// A team by id or slug, if the person belongs to it; else nothing.
    Task<std::optional<Team>> find(std::string key, std::string user);

    /// Oldest account first.
    Task<std::vector<Member>> members(std::string team);

    /// By an admin; to or from owner: by an owner. `member`: id or e-mail address. Who gets less
    /// than before loses the invitations that they made.
    /// Errors: not_found — member_not_found; forbidden — owner_needed, role_needed; conflict —
    ///         last_owner.
    Task<Result<Member>> set_role(std::string team, std::string member, TeamRole role, User actor);

    /// Takes somebody off the team, by the same rules as set_role: with their roles in its
    /// projects and the invitations that they made.
    Task<Result<>> take_off(std::string team, std::string member, User actor);

    /// The same, by the person themselves, whatever their role.
    /// Errors: conflict — last_owner; not_found.
    Task<Result<>> leave(std::string team, User actor);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts

#pragma once
/// What Users, Teams and Invitations read and write of teams inside their own transactions.

#include <optional>
#include <string>

#include "accounts/team.hpp"

namespace soci {
class session;
}

namespace berth::accounts {

inline constexpr std::int64_t members_per_team_max = 1000;

/// A person's role in a team; nothing: not a member.
std::optional<TeamRole> role_in_team(soci::session& sql, const std::string& team,
                                     const std::string& user);

/// The role of who acts, which may have changed since their request was let in.
/// Errors: not_found — team_not_found: not a member; forbidden — owner_needed, role_needed.
Result<TeamRole> need_role(soci::session& sql, const std::string& team, const std::string& user,
                           TeamRole least);

/// Errors: conflict — already_member, too_many_members.
Result<> may_join(soci::session& sql, const std::string& team, const std::string& user);

/// For whom may_join said yes.
void join_team(soci::session& sql, const std::string& team, const std::string& user, TeamRole role);

/// Makes a team without members.
std::string add_team(soci::session& sql, const std::string& slug, const std::string& name,
                     std::int64_t now_ms);

bool slug_exists(soci::session& sql, const std::string& slug);

/// Ends what a person invited others with, in one team or ("") in all: whoever loses their place
/// must not come back through a link of their own.
void revoke_invitations_by(soci::session& sql, const std::string& team, const std::string& user,
                           std::int64_t now_ms);

/// Only owners may do that to owners.
Error owner_needed();

}  // namespace berth::accounts

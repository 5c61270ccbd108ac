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

/// The teams of the person `:user`, as a `Team` each.
inline constexpr const char* teams_of_user =
    "from (select t.id as id, t.slug as slug, t.name as name, m.role as role, "
    "t.created_at_ms as created_at_ms, t.second_factor_from_ms as second_factor_from_ms, "
    "(case when t.second_factor_from_ms is not null and not exists (select 1 from totp f where "
    "f.user_id = m.user_id and f.confirmed_at_ms is not null) then 1 else 0 end) as "
    "second_factor_missing from teams t join members m on m.team = t.id "
    "where t.deleted_at_ms is null and m.user_id = :user) mine ";

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

/// A team by id or slug, as one of its people sees it; nothing for a stranger.
std::optional<Team> team_of(soci::session& sql, const std::string& key, const std::string& user);

/// Whether somebody has an authenticator app. A passkey beside a password is no second factor: the
/// password alone signs in.
bool has_second_factor(soci::session& sql, const std::string& user);

/// Whether a person may act in a team that asks for a second factor, by session or by token.
/// Errors: forbidden — team_needs_second_factor.
Result<> check_second_factor(soci::session& sql, const std::string& team, const std::string& user,
                             std::int64_t now_ms);

/// Only owners may do that to owners.
Error owner_needed();

}  // namespace berth::accounts

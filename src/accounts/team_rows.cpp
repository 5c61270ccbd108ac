#include "accounts/team_rows.hpp"

#include "base/id.hpp"
#include "db/records.hpp"

namespace berth::accounts {

namespace {

struct TeamRow {
    std::string id{};
    std::string slug{};
    std::string name{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TeamRow, (), (id, slug, name, created_at_ms))

}  // namespace

std::optional<Team> team_of(soci::session& sql, const std::string& key, const std::string& user) {
    return db::select_one<Team>(sql, std::string(teams_of_user) + "where id = :id or slug = :slug",
                                user, key, key);
}

bool has_second_factor(soci::session& sql, const std::string& user) {
    return db::value<std::int64_t>(sql,
                                   "select count(*) from totp where user_id = :user and "
                                   "confirmed_at_ms is not null",
                                   user)
               .value_or(0) > 0;
}

Result<> check_second_factor(soci::session& sql, const std::string& team, const std::string& user,
                             std::int64_t now_ms) {
    const auto from =
        db::value<std::int64_t>(sql,
                                "select second_factor_from_ms from teams where id = :team and "
                                "second_factor_from_ms <= :now",
                                team, now_ms);
    if (!from || has_second_factor(sql, user)) return {};
    return fail_as(Failure::forbidden, "team_needs_second_factor", "",
                   "the team asks for a second factor: set up an authenticator app under Sessions");
}

std::optional<TeamRole> role_in_team(soci::session& sql, const std::string& team,
                                     const std::string& user) {
    return db::value<TeamRole>(
        sql, "select role from members where team = :team and user_id = :user", team, user);
}

Error owner_needed() {
    return fail_as(Failure::forbidden, "owner_needed", "",
                   "only an owner of the team makes, changes or takes off owners");
}

Result<TeamRole> need_role(soci::session& sql, const std::string& team, const std::string& user,
                           TeamRole least) {
    const std::optional<TeamRole> role = role_in_team(sql, team, user);
    if (!role) return fail_as(Failure::not_found, "team_not_found", "", "no such team");
    if (*role >= least) return *role;
    return fail_as(Failure::forbidden, "role_needed", "", "only {} of the team may do this",
                   least == TeamRole::owner ? "an owner" : "an admin or owner");
}

Result<> may_join(soci::session& sql, const std::string& team, const std::string& user) {
    if (role_in_team(sql, team, user)) {
        return fail_as(Failure::conflict, "already_member", "/email",
                       "this person belongs to the team already");
    }
    const auto count =
        db::value<std::int64_t>(sql, "select count(*) from members where team = :team", team);
    if (count.value_or(0) >= members_per_team_max) {
        return fail_as(Failure::conflict, "too_many_members", "", "a team has at most {} members",
                       members_per_team_max);
    }
    return {};
}

void join_team(soci::session& sql, const std::string& team, const std::string& user,
               TeamRole role) {
    db::execute(sql, "insert into members (team, user_id, role) values (:team, :user, :role)", team,
                user, role);
}

std::string add_team(soci::session& sql, const std::string& slug, const std::string& name,
                     std::int64_t now_ms) {
    const TeamRow team{.id = new_id("tea"), .slug = slug, .name = name, .created_at_ms = now_ms};
    db::insert(sql, "teams", team);
    return team.id;
}

bool slug_exists(soci::session& sql, const std::string& slug) {
    return db::value<std::int64_t>(sql, "select count(*) from teams where slug = :slug", slug)
               .value_or(0) > 0;
}

void revoke_invitations_by(soci::session& sql, const std::string& team, const std::string& user,
                           std::int64_t now_ms) {
    db::execute(sql,
                "update invitations set revoked_at_ms = :now where invited_by = :user and "
                "(team = :team or :every = '') and used_at_ms is null and revoked_at_ms is null",
                now_ms, user, team, team);
}

}  // namespace berth::accounts

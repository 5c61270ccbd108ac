#include "accounts/teams.hpp"

#include "accounts/audit.hpp"
#include "accounts/team_rows.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

std::string_view word(TeamRole role) {
    return boost::describe::enum_to_string(role, "");
}

constexpr const char* members_of_team =
    "from (select u.id as id, u.email as email, m.role as role, u.disabled as disabled "
    "from members m join users u on u.id = m.user_id where m.team = :team) members ";

Result<Member> find_member(soci::session& sql, const std::string& team, const std::string& key) {
    auto found = db::select_one<Member>(
        sql, std::string(members_of_team) + "where id = :id or email = :email", team, key, key);
    if (found) return std::move(*found);
    return fail_as(Failure::not_found, "member_not_found", "", "no such member of the team");
}

/// A team keeps an owner who can sign in. `member` is one now, and is about to be less.
/// Errors: conflict — last_owner.
Result<> keep_an_owner(soci::session& sql, const std::string& team, const Member& member) {
    if (member.role != TeamRole::owner) return {};
    const auto others = db::value<std::int64_t>(
        sql,
        "select count(*) from members m join users u on u.id = m.user_id where m.team = :team and "
        "m.role = 'owner' and u.disabled = 0 and u.id <> :id",
        team, member.id);
    if (others.value_or(0) > 0) return {};
    return fail_as(Failure::conflict, "last_owner", "",
                   "the last owner of the team stays; make somebody else an owner first");
}

/// The member that an admin wants to change, if the rules between roles let them.
/// Errors: not_found, forbidden.
Result<Member> member_to_change(soci::session& sql, const std::string& team, const std::string& key,
                                const User& actor) {
    const Result<TeamRole> own = need_role(sql, team, actor.id, TeamRole::admin);
    if (!own) return own.error();
    Result<Member> member = find_member(sql, team, key);
    if (!member) return member.error();
    if (member->role == TeamRole::owner && *own != TeamRole::owner) return owner_needed();
    return member;
}

void end_membership(soci::session& sql, const std::string& team, const std::string& user,
                    std::int64_t now) {
    db::execute(sql, "delete from members where team = :team and user_id = :user", team, user);
    db::execute(sql,
                "delete from project_members where user_id = :user and project in "
                "(select id from projects where team = :team)",
                user, team);
    revoke_invitations_by(sql, team, user, now);
}

/// Whoever asks it of others has one. Errors: invalid — invalid_time; conflict —
/// second_factor_first.
Result<> set_second_factor(soci::session& sql, const Team& team,
                           std::optional<std::int64_t> from_ms, const User& actor,
                           std::int64_t now) {
    if (from_ms == team.second_factor_from_ms) return {};
    if (from_ms && *from_ms > now + Teams::second_factor_grace_ms_max) {
        return fail_as(Failure::invalid, "invalid_time", "/second_factor_from_ms",
                       "second_factor_from_ms: at most 30 days from now");
    }
    if (from_ms && !has_second_factor(sql, actor.id)) {
        return fail_as(Failure::conflict, "second_factor_first", "/second_factor_from_ms",
                       "set up an authenticator app of your own first");
    }
    db::execute(sql, "update teams set second_factor_from_ms = :from where id = :id", from_ms,
                team.id);
    write_audit(sql, now,
                {actor, from_ms ? "team_second_factor_on" : "team_second_factor_off", team.id, ""});
    return {};
}

Error slug_taken(const std::string& slug) {
    return fail_as(Failure::conflict, "slug_taken", "/slug", "slug: '{}' is taken", slug);
}

}  // namespace

Teams::Teams(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<Result<Team>> Teams::add(NewTeam wanted, User actor) {
    if (wanted.name.empty()) wanted.name = wanted.slug;
    const Result<> slug_fits = check_slug(wanted.slug);
    if (!slug_fits) co_return slug_fits.error();
    const Result<> name_fits = check_team_name(wanted.name);
    if (!name_fits) co_return name_fits.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Team> {
        if (slug_exists(sql, wanted.slug)) return slug_taken(wanted.slug);
        const auto count = db::value<std::int64_t>(
            sql, "select count(*) from members where user_id = :user", actor.id);
        if (count.value_or(0) >= teams_per_person_max) {
            return fail_as(Failure::conflict, "too_many_teams", "",
                           "you belong to {} teams already; leave one first", teams_per_person_max);
        }
        const std::string id = add_team(sql, wanted.slug, wanted.name, now);
        join_team(sql, id, actor.id, TeamRole::owner);
        write_audit(sql, now, {actor, "team_created", id, wanted.slug});
        return team_of(sql, id, actor.id).value();
    };
    co_return co_await database_.write(work);
}

Task<Result<Team>> Teams::change(std::string team, TeamChange change, User actor) {
    if (change.slug) {
        const Result<> fits = check_slug(*change.slug);
        if (!fits) co_return fits.error();
    }
    if (change.name) {
        const Result<> fits = check_team_name(*change.name);
        if (!fits) co_return fits.error();
    }
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Team> {
        const Result<TeamRole> may = need_role(sql, team, actor.id, TeamRole::owner);
        if (!may) return may.error();
        const Team before = team_of(sql, team, actor.id).value();
        const std::string slug = change.slug.value_or(before.slug);
        const std::string name = change.name.value_or(before.name);
        if (slug != before.slug && slug_exists(sql, slug)) return slug_taken(slug);
        if (slug != before.slug || name != before.name) {
            db::execute(sql, "update teams set slug = :slug, name = :name where id = :id", slug,
                        name, team);
            write_audit(sql, now,
                        {actor, "team_renamed", team, fmt::format("{} → {}", before.slug, slug)});
        }
        if (change.second_factor) {
            const Result<> set = set_second_factor(sql, before, *change.second_factor, actor, now);
            if (!set) return set.error();
        }
        return team_of(sql, team, actor.id).value();
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Teams::remove(std::string team, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<TeamRole> may = need_role(sql, team, actor.id, TeamRole::owner);
        if (!may) return may.error();
        const auto projects = db::value<std::int64_t>(
            sql, "select count(*) from projects where team = :team and deleted_at_ms is null",
            team);
        if (projects.value_or(0) > 0) {
            return fail_as(Failure::conflict, "team_has_projects", "",
                           "the team has {} projects; delete them first", *projects);
        }
        const Team before = team_of(sql, team, actor.id).value();
        db::execute(sql, "delete from members where team = :team", team);
        db::execute(sql,
                    "delete from project_members where project in "
                    "(select id from projects where team = :team)",
                    team);
        db::execute(sql,
                    "update invitations set revoked_at_ms = :now where team = :team and "
                    "used_at_ms is null and revoked_at_ms is null",
                    now, team);
        // Nobody is left who could use them; their projects, and so their links, are gone.
        db::execute(sql,
                    "delete from git_hooks_left where connection in "
                    "(select id from git_connections where team = :team)",
                    team);
        db::execute(sql, "delete from git_connections where team = :team", team);
        // An id is no slug (it has an underscore): nobody can take that one.
        db::execute(sql, "update teams set slug = id, deleted_at_ms = :now where id = :id", now,
                    team);
        write_audit(sql, now, {actor, "team_deleted", team, before.slug});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<std::vector<Team>> Teams::list(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::select<Team>(sql, std::string(teams_of_user) + "order by id", user);
    };
    co_return co_await database_.read(query);
}

Task<std::optional<Team>> Teams::find(std::string key, std::string user) {
    const auto query = [&](soci::session& sql) { return team_of(sql, key, user); };
    co_return co_await database_.read(query);
}

Task<std::vector<Member>> Teams::members(std::string team) {
    const auto query = [&](soci::session& sql) {
        return db::select<Member>(sql, std::string(members_of_team) + "order by id", team);
    };
    co_return co_await database_.read(query);
}

Task<Result<Member>> Teams::set_role(std::string team, std::string key, TeamRole role, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Member> {
        Result<Member> member = member_to_change(sql, team, key, actor);
        if (!member) return member.error();
        const TeamRole before = member->role;
        if (role == before) return member;
        const Result<TeamRole> own = need_role(
            sql, team, actor.id, role == TeamRole::owner ? TeamRole::owner : TeamRole::admin);
        if (!own) return owner_needed();
        const Result<> kept = keep_an_owner(sql, team, *member);
        if (!kept) return kept.error();
        db::execute(sql, "update members set role = :role where team = :team and user_id = :user",
                    role, team, member->id);
        if (role < before) revoke_invitations_by(sql, team, member->id, now);
        write_audit(sql, now,
                    {actor, "member_role_changed", team,
                     fmt::format("{}: {} → {}", member->email, word(before), word(role))});
        member->role = role;
        return member;
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Teams::take_off(std::string team, std::string key, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<Member> member = member_to_change(sql, team, key, actor);
        if (!member) return member.error();
        const Result<> kept = keep_an_owner(sql, team, *member);
        if (!kept) return kept.error();
        end_membership(sql, team, member->id, now);
        write_audit(sql, now, {actor, "member_removed", team, member->email});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Teams::leave(std::string team, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<TeamRole> role = need_role(sql, team, actor.id, TeamRole::viewer);
        if (!role) return role.error();
        const Member self{.id = actor.id, .email = actor.email, .role = *role};
        const Result<> kept = keep_an_owner(sql, team, self);
        if (!kept) return kept.error();
        end_membership(sql, team, actor.id, now);
        write_audit(sql, now, {actor, "member_left", team, ""});
        return {};
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::accounts

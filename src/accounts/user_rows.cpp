#include "accounts/user_rows.hpp"

#include "accounts/team_rows.hpp"
#include "accounts/users.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

/// "ann.b" of "ann.b@example.com" → "ann-b", with a number when it is taken.
std::string free_slug(soci::session& sql, const std::string& email) {
    std::string base;
    for (const char c : email.substr(0, std::min<std::size_t>(email.find('@'), 32))) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        base += plain ? c : '-';
    }
    std::string slug = base;
    for (int number = 2; is_reserved_slug(slug) || slug_exists(sql, slug); ++number)
        slug = base + "-" + std::to_string(number);
    return slug;
}

}  // namespace

User view_of(const UserRow& row) {
    return {.id = row.id,
            .email = row.email,
            .role = row.role,
            .created_at_ms = row.created_at_ms,
            .disabled = row.disabled,
            .must_change_password = row.must_change_password};
}

bool email_exists(soci::session& sql, const std::string& email) {
    return db::value<std::int64_t>(sql, "select count(*) from users where email = :email", email)
               .value_or(0) > 0;
}

Result<> add_user_row(soci::session& sql, const UserRow& row) {
    if (email_exists(sql, row.email)) {
        return fail_as(Failure::conflict, "email_taken", "/email", "{} has an account already",
                       row.email);
    }
    db::insert(sql, "users", row);
    return {};
}

Result<> add_person(soci::session& sql, const UserRow& row, const NewUser& wanted,
                    std::int64_t now) {
    std::optional<std::string> team;
    if (!wanted.team.empty() && !email_exists(sql, row.email)) {
        team = db::value<std::string>(
            sql, "select id from teams where slug = :slug and deleted_at_ms is null", wanted.team);
        if (!team) {
            return fail_as(Failure::not_found, "team_not_found", "/team", "no team named '{}'",
                           wanted.team);
        }
        const Result<> room = may_join(sql, *team, row.id);
        if (!room) return room.error();
    }
    const Result<> added = add_user_row(sql, row);
    if (!added) return added.error();
    if (team) {
        join_team(sql, *team, row.id, wanted.role);
    } else {
        const std::string own = add_team(sql, free_slug(sql, row.email), row.email, now);
        join_team(sql, own, row.id, TeamRole::owner);
    }
    write_audit(sql, now, {wanted.actor, "user_created", row.id, row.email});
    return {};
}

}  // namespace berth::accounts

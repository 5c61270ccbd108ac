#include "accounts/users.hpp"

#include "accounts/audit.hpp"
#include "accounts/email.hpp"
#include "accounts/team_rows.hpp"
#include "accounts/user_rows.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

Error wrong_password(const std::string& pointer) {
    return fail_as(Failure::unauthenticated, "wrong_password", pointer,
                   "the e-mail address or the password is wrong");
}

void end_sessions(soci::session& sql, const std::string& user, const std::string& except_none,
                  std::int64_t now) {
    db::execute(sql,
                "update sessions set revoked_at_ms = :now where user_id = :user and id <> :except "
                "and revoked_at_ms is null",
                now, user, except_none);
}

}  // namespace

Users::Users(db::Database& database, Clock now_ms, Passwords& passwords)
    : database_(database), now_ms_(std::move(now_ms)), passwords_(passwords) {}

Task<Result<AddedUser>> Users::add(NewUser wanted) {
    const Result<std::string> email = normalise_email(wanted.email);
    if (!email) co_return email.error();
    AddedUser added;
    if (!wanted.password) added.password = one_time_password();
    const std::string password = wanted.password ? *wanted.password : *added.password;
    const Result<> fits = check_new_password(password, "/password");
    if (!fits) co_return fits.error();
    const Result<std::string> hash = co_await passwords_.hash(password);
    if (!hash) co_return hash.error();

    const std::int64_t now = now_ms_();
    const UserRow row{.id = new_id("usr"),
                      .email = *email,
                      .password_hash = *hash,
                      .must_change_password = !wanted.password.has_value(),
                      .created_at_ms = now};
    const auto work = [&](soci::session& sql) { return add_person(sql, row, wanted, now); };
    const Result<> inserted = co_await database_.write(work);
    if (!inserted) co_return inserted.error();
    added.user = view_of(row);
    co_return added;
}

Task<Result<User>> Users::add_first(std::string email_given, std::string password) {
    const Result<std::string> email = normalise_email(email_given);
    if (!email) co_return email.error();
    const Result<> fits = check_new_password(password, "/password");
    if (!fits) co_return fits.error();
    const Result<std::string> hash = co_await passwords_.hash(password);
    if (!hash) co_return hash.error();

    const std::int64_t now = now_ms_();
    const UserRow row{.id = new_id("usr"),
                      .email = *email,
                      .password_hash = *hash,
                      .role = UserRole::owner,
                      .created_at_ms = now};
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto people = db::value<std::int64_t>(sql, "select count(*) from users");
        if (people.value_or(0) > 0) {
            return fail_as(Failure::conflict, "already_set_up", "",
                           "this instance is set up already; sign in instead");
        }
        db::insert(sql, "users", row);
        join_team(sql, add_team(sql, "default", "Default", now), row.id, TeamRole::owner);
        db::execute(sql, "delete from instance where name = 'setup_code'");
        write_audit(sql, now, {row.email, "instance_set_up", row.id, ""});
        return {};
    };
    const Result<> inserted = co_await database_.write(work);
    if (!inserted) co_return inserted.error();
    co_return view_of(row);
}

Task<bool> Users::is_empty() {
    const auto query = [](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select count(*) from users").value_or(0);
    };
    const std::int64_t count = co_await database_.read(query);
    co_return count == 0;
}

Task<bool> Users::exists(std::string email) {
    const auto query = [&](soci::session& sql) { return email_exists(sql, email); };
    co_return co_await database_.read(query);
}

Task<std::vector<User>> Users::list() {
    const auto query = [](soci::session& sql) {
        return db::select<User>(sql, "from users order by id");
    };
    co_return co_await database_.read(query);
}

Task<Result<User>> Users::set_disabled(std::string user, bool disabled, AuditActor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<User> {
        std::optional<User> found = db::select_one<User>(sql, "from users where id = :id", user);
        if (!found) return fail(Failure::not_found, "no such user");
        const auto owners = db::value<std::int64_t>(
            sql, "select count(*) from users where role = 'owner' and disabled = 0 and id <> :id",
            user);
        if (disabled && found->role == UserRole::owner && owners.value_or(0) == 0) {
            return fail_as(Failure::conflict, "last_owner", "/disabled",
                           "the last owner of the instance cannot be disabled");
        }
        db::execute(sql, "update users set disabled = :disabled where id = :id", disabled, user);
        if (disabled) {
            end_sessions(sql, user, "", now);
            revoke_invitations_by(sql, "", user, now);
        }
        write_audit(sql, now,
                    {actor, disabled ? "user_disabled" : "user_enabled", user, found->email});
        found->disabled = disabled;
        return *found;
    };
    co_return co_await database_.write(work);
}

Task<Result<AddedUser>> Users::reset_password(std::string user, AuditActor actor) {
    co_return co_await reset("id", user, actor);
}

Task<Result<AddedUser>> Users::reset_password_of(std::string email_given) {
    const Result<std::string> email = normalise_email(email_given);
    if (!email) co_return email.error();
    co_return co_await reset("email", *email, "local administrator");
}

Task<Result<AddedUser>> Users::reset(std::string column, std::string key, AuditActor actor) {
    const std::string password = one_time_password();
    const Result<std::string> hash = co_await passwords_.hash(password);
    if (!hash) co_return hash.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<AddedUser> {
        std::optional<User> found =
            db::select_one<User>(sql, "from users where " + column + " = :key", key);
        if (!found) return fail(Failure::not_found, "no such user");
        db::execute(sql,
                    "update users set password_hash = :hash, must_change_password = 1 "
                    "where id = :id",
                    *hash, found->id);
        end_sessions(sql, found->id, "", now);
        // Whoever lost the app is let in by this, too, and whoever took the account over is not.
        db::execute(sql, "delete from passkeys where user_id = :user", found->id);
        db::execute(sql, "delete from totp where user_id = :user", found->id);
        db::execute(sql, "delete from recovery_codes where user_id = :user", found->id);
        db::execute(sql, "delete from identities where user_id = :user", found->id);
        write_audit(sql, now, {actor, "password_reset", found->id, found->email});
        found->must_change_password = true;
        return AddedUser{*found, password};
    };
    co_return co_await database_.write(work);
}

Task<Result<User>> Users::check_password(std::string email_given, std::string password) {
    const Result<std::string> email = normalise_email(email_given);
    std::optional<UserRow> found;
    if (email) {
        const auto query = [&](soci::session& sql) {
            return db::select_one<UserRow>(sql, "from users where email = :email", *email);
        };
        found = co_await database_.read(query);
    }
    const std::string hash = found ? found->password_hash : std::string();
    const Result<bool> right = co_await passwords_.verify(hash, password);
    if (!right) co_return right.error();
    if (!*right || found->disabled) co_return wrong_password("");
    co_return view_of(*found);
}

Task<Result<>> Users::change_password(User user, std::string current, std::string wanted) {
    const Result<> fits = check_new_password(wanted, "/new");
    if (!fits) co_return fits.error();
    const Result<User> known = co_await check_password(user.email, current);
    if (!known && known.error().failure == Failure::unauthenticated) {
        co_return fail_as(Failure::forbidden, "wrong_password", "/current",
                          "current: this is not your password");
    }
    if (!known) co_return known.error();
    co_return co_await set_password(user, wanted);
}

Task<bool> Users::has_password(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::value<std::string>(sql, "select password_hash from users where id = :id", user)
            .value_or("");
    };
    const std::string hash = co_await database_.read(query);
    co_return !hash.empty();
}

Task<Result<>> Users::set_password(User user, std::string wanted) {
    const Result<> fits = check_new_password(wanted, "/new");
    if (!fits) co_return fits.error();
    const Result<std::string> hash = co_await passwords_.hash(wanted);
    if (!hash) co_return hash.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update users set password_hash = :hash, must_change_password = 0 "
                    "where id = :id",
                    *hash, user.id);
        write_audit(sql, now, {user, "password_changed", user.id, ""});
    };
    co_await database_.write(work);
    co_return Result<>{};
}

Task<std::vector<Membership>> Users::memberships(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::select<Membership>(
            sql,
            "from (select t.id as id, t.slug as slug, m.role as role from members m "
            "join teams t on t.id = m.team where m.user_id = :user) memberships order by id",
            user);
    };
    co_return co_await database_.read(query);
}

}  // namespace berth::accounts

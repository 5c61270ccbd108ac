#include "accounts/invitations.hpp"

#include "accounts/audit.hpp"
#include "accounts/email.hpp"
#include "accounts/identity_rows.hpp"
#include "accounts/team_rows.hpp"
#include "accounts/user_rows.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

constexpr std::size_t secret_bytes_max = 200;

struct InvitationRow {
    std::string id{};
    std::string team{};
    std::string email{};
    TeamRole role{};
    std::string hash{};
    std::string invited_by{};  // usr_…
    std::int64_t created_at_ms = 0;
    std::int64_t expires_at_ms = 0;
    std::optional<std::int64_t> used_at_ms{};
    std::optional<std::int64_t> revoked_at_ms{};
};
BOOST_DESCRIBE_STRUCT(InvitationRow, (),
                      (id, team, email, role, hash, invited_by, created_at_ms, expires_at_ms,
                       used_at_ms, revoked_at_ms))

Error unknown() {
    return fail_as(Failure::not_found, "invitation_not_found", "", "no such invitation");
}

/// The invitation of a secret, if it can be accepted. Errors: as Invitations::look.
Result<InvitationRow> open_row(soci::session& sql, const std::string& secret, std::int64_t now) {
    if (secret.size() > secret_bytes_max) return unknown();
    auto row = db::select_one<InvitationRow>(sql, "from invitations where hash = :hash",
                                             sha256_hex(secret));
    if (!row) return unknown();
    if (row->used_at_ms) {
        return fail_as(Failure::conflict, "invitation_used", "",
                       "the invitation was accepted already");
    }
    if (row->revoked_at_ms) {
        return fail_as(Failure::conflict, "invitation_revoked", "",
                       "the invitation was taken back; ask for a new one");
    }
    if (row->expires_at_ms <= now) {
        return fail_as(Failure::conflict, "invitation_expired", "",
                       "the invitation has expired; ask for a new one");
    }
    return std::move(*row);
}

/// Ends what is open for an address in a team.
void end_earlier(soci::session& sql, const std::string& team, const std::string& email,
                 std::int64_t now) {
    db::execute(sql,
                "update invitations set revoked_at_ms = :now where team = :team and "
                "email = :email and used_at_ms is null and revoked_at_ms is null",
                now, team, email);
}

std::int64_t count_open(soci::session& sql, const std::string& team, std::int64_t now) {
    return db::value<std::int64_t>(
               sql,
               "select count(*) from invitations where team = :team and used_at_ms is null and "
               "revoked_at_ms is null and expires_at_ms > :now",
               team, now)
        .value_or(0);
}

/// Puts somebody into the invitation's team, who may join it.
Joined join(soci::session& sql, const InvitationRow& row, const User& user, std::int64_t now) {
    join_team(sql, row.team, user.id, row.role);
    db::execute(sql, "update invitations set used_at_ms = :now where id = :id", now, row.id);
    write_audit(sql, now, {user, "invitation_accepted", row.team, row.id});
    return {user, team_of(sql, row.team, user.id).value()};
}

}  // namespace

Invitations::Invitations(db::Database& database, Clock now_ms, Passwords& passwords)
    : database_(database), now_ms_(std::move(now_ms)), passwords_(passwords) {}

Task<Result<MadeInvitation>> Invitations::add(std::string team, std::string email_given,
                                              TeamRole role, User actor) {
    const Result<std::string> email = normalise_email(email_given);
    if (!email) co_return email.error();
    const std::int64_t now = now_ms_();
    const std::string secret = "ivt_" + base64url(random_bytes(32));
    const InvitationRow row{.id = new_id("inv"),
                            .team = team,
                            .email = *email,
                            .role = role,
                            .hash = sha256_hex(secret),
                            .invited_by = actor.id,
                            .created_at_ms = now,
                            .expires_at_ms = now + lifetime_ms};
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<TeamRole> own = need_role(sql, team, actor.id, TeamRole::admin);
        if (!own) return own.error();
        if (role == TeamRole::owner && *own != TeamRole::owner) return owner_needed();
        const auto user =
            db::value<std::string>(sql, "select id from users where email = :email", *email);
        const Result<> may = may_join(sql, team, user.value_or(""));
        if (!may) return may.error();
        end_earlier(sql, team, *email, now);
        if (count_open(sql, team, now) >= open_per_team_max) {
            return fail_as(Failure::conflict, "too_many_invitations", "",
                           "{} invitations of the team are open; take one back first",
                           open_per_team_max);
        }
        db::insert(sql, "invitations", row);
        write_audit(sql, now,
                    {actor, "invitation_created", team,
                     fmt::format("{} as {}", *email, boost::describe::enum_to_string(role, ""))});
        return {};
    };
    const Result<> added = co_await database_.write(work);
    if (!added) co_return added.error();
    const Invitation view{.id = row.id,
                          .email = row.email,
                          .role = role,
                          .invited_by = actor.email,
                          .created_at_ms = now,
                          .expires_at_ms = row.expires_at_ms};
    co_return MadeInvitation{view, secret};
}

Task<std::vector<Invitation>> Invitations::list(std::string team) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<Invitation>(
            sql,
            "from (select i.id as id, i.email as email, i.role as role, u.email as invited_by, "
            "i.created_at_ms as created_at_ms, i.expires_at_ms as expires_at_ms "
            "from invitations i join users u on u.id = i.invited_by where i.team = :team and "
            "i.used_at_ms is null and i.revoked_at_ms is null and i.expires_at_ms > :now) open "
            "order by id desc",
            team, now);
    };
    co_return co_await database_.read(query);
}

Task<Result<>> Invitations::revoke(std::string team, std::string invitation, User actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<TeamRole> may = need_role(sql, team, actor.id, TeamRole::admin);
        if (!may) return may.error();
        const long long changed = db::execute(
            sql,
            "update invitations set revoked_at_ms = :now where id = :id and team = :team and "
            "used_at_ms is null and revoked_at_ms is null",
            now, invitation, team);
        if (changed == 0) return unknown();
        write_audit(sql, now, {actor, "invitation_revoked", team, invitation});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<OpenInvitation>> Invitations::look(std::string secret) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) -> Result<OpenInvitation> {
        const Result<InvitationRow> row = open_row(sql, secret, now);
        if (!row) return row.error();
        const auto name =
            db::value<std::string>(sql, "select name from teams where id = :id", row->team);
        return OpenInvitation{.team = name.value(),
                              .email = row->email,
                              .role = row->role,
                              .expires_at_ms = row->expires_at_ms,
                              .has_account = email_exists(sql, row->email)};
    };
    co_return co_await database_.read(query);
}

Task<Result<Joined>> Invitations::accept(std::string secret, User user) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Joined> {
        const Result<InvitationRow> row = open_row(sql, secret, now);
        if (!row) return row.error();
        if (row->email != user.email) {
            return fail_as(Failure::forbidden, "other_address", "",
                           "the invitation is for {}; sign in as that person", row->email);
        }
        const Result<> may = may_join(sql, row->team, user.id);
        if (!may) return may.error();
        return join(sql, *row, user, now);
    };
    co_return co_await database_.write(work);
}

Task<Result<Joined>> Invitations::accept_as_new(std::string secret, std::string password,
                                                std::string address) {
    const Result<OpenInvitation> open = co_await look(secret);  // no hash for a wrong secret
    if (!open) co_return open.error();
    const Result<> fits = check_new_password(password, "/password");
    if (!fits) co_return fits.error();
    const Result<std::string> hash = co_await passwords_.hash(password);
    if (!hash) co_return hash.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Joined> {
        const Result<InvitationRow> row = open_row(sql, secret, now);
        if (!row) return row.error();
        const UserRow user{
            .id = new_id("usr"), .email = row->email, .password_hash = *hash, .created_at_ms = now};
        const Result<> may = may_join(sql, row->team, user.id);
        if (!may) return may.error();
        const Result<> added = add_user_row(sql, user);
        if (!added) return added.error();
        User person = view_of(user);
        person.address = address;
        write_audit(sql, now, {person, "user_created", user.id, "by invitation"});
        return join(sql, *row, person, now);
    };
    co_return co_await database_.write(work);
}

Task<Result<KnownPerson>> Invitations::accept_by_identity(std::string secret,
                                                          identity::Identity identity,
                                                          std::string address) {
    const Result<std::string> email = verified_email(identity);
    if (!email) co_return email.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<KnownPerson> {
        const Result<InvitationRow> row = open_row(sql, secret, now);
        if (!row) return row.error();
        if (row->email != *email) {
            return fail_as(Failure::forbidden, "other_address", "",
                           "the invitation is for {}, and the provider says that you are {}",
                           row->email, *email);
        }
        const UserRow user{.id = new_id("usr"), .email = row->email, .created_at_ms = now};
        const Result<> may = may_join(sql, row->team, user.id);
        if (!may) return may.error();
        const Result<> free = may_link(sql, user.id, identity);
        if (!free) return free.error();
        const Result<> added = add_user_row(sql, user);
        if (!added) return added.error();
        User person = view_of(user);
        person.address = address;
        write_audit(sql, now, {person, "user_created", user.id, "by invitation"});
        const std::string linked = link_identity(sql, person, identity, now);
        join(sql, *row, person, now);
        return KnownPerson{person, linked};
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::accounts

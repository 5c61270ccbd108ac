#include "accounts/sessions.hpp"

#include <charconv>

#include "accounts/audit.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

constexpr std::size_t sessions_per_user_max = 100;

struct SessionRow {
    std::string id{};
    std::string user_id{};
    std::string refresh_hash{};
    std::string previous_hash{};
    std::int64_t previous_until_ms = 0;
    std::string user_agent{};
    std::string address{};
    std::int64_t created_at_ms = 0;
    std::int64_t last_seen_ms = 0;
    std::int64_t expires_at_ms = 0;
    std::optional<std::int64_t> revoked_at_ms{};
};
BOOST_DESCRIBE_STRUCT(SessionRow, (),
                      (id, user_id, refresh_hash, previous_hash, previous_until_ms, user_agent,
                       address, created_at_ms, last_seen_ms, expires_at_ms, revoked_at_ms))

Error ended() {
    return fail_as(Failure::unauthenticated, "session_ended", "", "the session has ended");
}

bool is_over(const SessionRow& row, std::int64_t now) {
    return row.revoked_at_ms.has_value() || row.expires_at_ms <= now;
}

/// Whether it was open.
bool revoke_row(soci::session& sql, const std::string& session, std::int64_t now) {
    return db::execute(
               sql,
               "update sessions set revoked_at_ms = :now where id = :id and revoked_at_ms is null",
               now, session) > 0;
}

void note_end(soci::session& sql, const std::string& session, const std::string& address,
              std::int64_t now) {
    const auto email = db::value<std::string>(
        sql, "select email from users where id = (select user_id from sessions where id = :id)",
        session);
    write_audit(sql, now, {{email.value_or(""), address, ""}, "signed_out", session, ""});
}

std::optional<User> user_of(soci::session& sql, const std::string& id) {
    return db::select_one<User>(sql, "from users where id = :id", id);
}

/// The middle of "rft_<session id>.<number>.<mac>".
std::string session_of(const std::string& token) {
    const std::size_t dot = token.find('.');
    if (!token.starts_with("rft_") || dot == std::string::npos || token.size() > 256) return {};
    return token.substr(4, dot - 4);
}

/// Drops what ended long ago, and the oldest over the limit per person.
void purge(soci::session& sql, const std::string& user, std::int64_t now) {
    constexpr std::int64_t kept_ms = 7ll * 24 * 3600 * 1000;
    db::execute(sql, "delete from sessions where expires_at_ms < :now or revoked_at_ms < :before",
                now, now - kept_ms);
    db::execute(sql,
                "delete from sessions where user_id = :user and id not in (select id from sessions "
                "where user_id = :same order by last_seen_ms desc limit :most)",
                user, user, static_cast<std::int64_t>(sessions_per_user_max));
}

}  // namespace

Sessions::Sessions(db::Database& database, Clock now_ms, const std::string& signing_key,
                   std::string refresh_key)
    : database_(database),
      now_ms_(std::move(now_ms)),
      access_tokens_(signing_key),
      refresh_key_(std::move(refresh_key)) {}

/// The tokens of a session form a chain that only we can compute, so the next one of a number can
/// be told again, and an old one is known for what it is.
std::string Sessions::refresh_token(const std::string& session, std::int64_t number) const {
    const std::string text = session + "." + std::to_string(number);
    return "rft_" + text + "." + base64url(hmac_sha256(refresh_key_, "refresh/" + text));
}

std::optional<std::int64_t> Sessions::number_of(const std::string& token,
                                                const std::string& session) const {
    const std::size_t begin = 4 + session.size() + 1;
    const std::size_t end = token.rfind('.');
    std::int64_t number = 0;
    if (end == std::string::npos || end <= begin) return std::nullopt;
    const auto read = std::from_chars(token.data() + begin, token.data() + end, number);
    if (read.ec != std::errc{} || read.ptr != token.data() + end) return std::nullopt;
    if (!equal_secret(token, refresh_token(session, number))) return std::nullopt;
    return number;
}

OpenedSession Sessions::opened(const User& user, const std::string& session, std::int64_t number,
                               std::int64_t expires_at_ms) const {
    const std::int64_t now = now_ms_();
    return {.user = user,
            .session = session,
            .access_token = access_tokens_.issue(user.id, session, now),
            .access_expires_at_ms = now + AccessTokens::lifetime_ms,
            .refresh_token = refresh_token(session, number),
            .expires_at_ms = expires_at_ms};
}

Task<OpenedSession> Sessions::open(User user, std::string user_agent, std::string address,
                                   std::string how) {
    const std::int64_t now = now_ms_();
    SessionRow row;
    row.id = new_id("ses");
    row.user_id = user.id;
    row.refresh_hash = sha256_hex(refresh_token(row.id, 0));
    row.user_agent = user_agent.substr(0, 300);
    row.address = address;
    row.created_at_ms = now;
    row.last_seen_ms = now;
    row.expires_at_ms = now + idle_ms;
    const auto work = [&](soci::session& sql) {
        db::insert(sql, "sessions", row);
        purge(sql, user.id, now);
        write_audit(sql, now, {{user.email, address, ""}, "signed_in", row.id, how});
    };
    co_await database_.write(work);
    co_return opened(user, row.id, 0, row.expires_at_ms);
}

Task<Result<SessionOwner>> Sessions::check(std::string access_token) {
    const std::int64_t now = now_ms_();
    const Result<AccessClaims> claims = access_tokens_.check(access_token, now);
    if (!claims) co_return claims.error();
    const auto query = [&](soci::session& sql) -> std::optional<User> {
        const auto row = db::select_one<SessionRow>(
            sql, "from sessions where id = :id and user_id = :user", claims->sid, claims->sub);
        if (!row || is_over(*row, now)) return std::nullopt;
        return user_of(sql, claims->sub);
    };
    const std::optional<User> user = co_await database_.read(query);
    if (!user || user->disabled) co_return ended();
    co_return SessionOwner{*user, claims->sid};
}

Task<bool> Sessions::holds(std::string session) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        const auto row = db::select_one<SessionRow>(sql, "from sessions where id = :id", session);
        if (!row || is_over(*row, now)) return false;
        const std::optional<User> user = user_of(sql, row->user_id);
        return user && !user->disabled;
    };
    co_return co_await database_.read(query);
}

Task<Result<OpenedSession>> Sessions::refresh(std::string refresh_token_given,
                                              std::string address) {
    const std::string session = session_of(refresh_token_given);
    const std::optional<std::int64_t> number = number_of(refresh_token_given, session);
    if (!number) co_return ended();
    const std::string hash = sha256_hex(refresh_token_given);
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<OpenedSession> {
        const auto row = db::select_one<SessionRow>(sql, "from sessions where id = :id", session);
        if (!row || is_over(*row, now)) return ended();
        const std::optional<User> user = user_of(sql, row->user_id);
        if (!user || user->disabled) return ended();
        if (hash == row->previous_hash && now < row->previous_until_ms) {
            return opened(*user, session, *number + 1, row->expires_at_ms);
        }
        if (hash != row->refresh_hash) {
            revoke_row(sql, session, now);
            write_audit(sql, now,
                        {{user->email, address, ""}, "refresh_token_reused", session, ""});
            return ended();
        }
        const std::int64_t expires = std::min(now + idle_ms, row->created_at_ms + lifetime_ms);
        db::execute(sql,
                    "update sessions set refresh_hash = :next, previous_hash = :this, "
                    "previous_until_ms = :until, last_seen_ms = :now, address = :address, "
                    "expires_at_ms = :expires where id = :id",
                    sha256_hex(refresh_token(session, *number + 1)), hash, now + grace_ms, now,
                    address, expires, session);
        return opened(*user, session, *number + 1, expires);
    };
    co_return co_await database_.write(work);
}

Task<> Sessions::close(std::string refresh_token_given, std::string address) {
    const std::string session = session_of(refresh_token_given);
    if (!number_of(refresh_token_given, session)) co_return;
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        if (revoke_row(sql, session, now)) note_end(sql, session, address, now);
    };
    co_await database_.write(work);
}

Task<std::vector<SessionView>> Sessions::list(std::string user) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<SessionView>(
            sql,
            "from sessions where user_id = :user and revoked_at_ms is null and "
            "expires_at_ms > :now order by id desc",
            user, now);
    };
    co_return co_await database_.read(query);
}

Task<Result<>> Sessions::revoke(std::string user, std::string session, std::string address) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const long long changed =
            db::execute(sql,
                        "update sessions set revoked_at_ms = :now where id = :id and "
                        "user_id = :user and revoked_at_ms is null",
                        now, session, user);
        if (changed > 0) note_end(sql, session, address, now);
        return changed;
    };
    const long long changed = co_await database_.write(work);
    if (changed == 0) co_return fail(Failure::not_found, "no such session");
    co_return Result<>{};
}

Task<> Sessions::revoke_all(std::string user, std::string except) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update sessions set revoked_at_ms = :now where user_id = :user and "
                    "id <> :except and revoked_at_ms is null",
                    now, user, except);
    };
    co_await database_.write(work);
}

}  // namespace berth::accounts

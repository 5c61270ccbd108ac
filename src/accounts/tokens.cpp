#include "accounts/tokens.hpp"

#include "accounts/audit.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

constexpr std::int64_t tokens_per_user_max = 100;
constexpr std::int64_t last_used_step_ms = 60'000;  // no write per request

struct TokenRow {
    std::string id{};
    std::string user_id{};
    std::string name{};
    TokenScope scope = TokenScope::read;
    std::vector<std::string> projects{};
    std::string hash{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> expires_at_ms{};
    std::optional<std::int64_t> last_used_ms{};
    std::string last_used_address{};
    std::optional<std::int64_t> revoked_at_ms{};
};
BOOST_DESCRIBE_STRUCT(TokenRow, (),
                      (id, user_id, name, scope, projects, hash, created_at_ms, expires_at_ms,
                       last_used_ms, last_used_address, revoked_at_ms))

Token view_of(const TokenRow& row) {
    return {.id = row.id,
            .name = row.name,
            .scope = row.scope,
            .projects = row.projects,
            .created_at_ms = row.created_at_ms,
            .expires_at_ms = row.expires_at_ms,
            .last_used_ms = row.last_used_ms,
            .last_used_address = row.last_used_address};
}

Result<> check_new(const NewToken& wanted, std::int64_t now) {
    if (wanted.name.empty() || wanted.name.size() > 100) {
        return fail_as(Failure::invalid, "invalid_name", "/name", "name: 1 to 100 bytes");
    }
    if (wanted.projects.size() > Tokens::projects_max) {
        return fail_as(Failure::invalid, "too_many_projects", "/projects", "projects: at most {}",
                       Tokens::projects_max);
    }
    if (wanted.expires_at_ms && *wanted.expires_at_ms <= now) {
        return fail_as(Failure::invalid, "invalid_time", "/expires_at_ms",
                       "expires_at_ms: is in the past");
    }
    return {};
}

Error unknown() {
    return fail_as(Failure::unauthenticated, "unauthenticated", "", "the token is not valid");
}

}  // namespace

Tokens::Tokens(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<Result<MadeToken>> Tokens::add(User owner, NewToken wanted) {
    const std::int64_t now = now_ms_();
    const Result<> fits = check_new(wanted, now);
    if (!fits) co_return fits.error();
    TokenRow row;
    row.id = new_id("tok");
    row.user_id = owner.id;
    row.name = wanted.name;
    row.scope = wanted.scope;
    row.projects = wanted.projects;
    row.created_at_ms = now;
    row.expires_at_ms = wanted.expires_at_ms;
    const std::string token = row.id + "_" + base64url(random_bytes(32));
    row.hash = sha256_hex(token);
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto count = db::value<std::int64_t>(
            sql, "select count(*) from tokens where user_id = :user and revoked_at_ms is null",
            owner.id);
        if (count.value_or(0) >= tokens_per_user_max) {
            return fail_as(Failure::conflict, "too_many_tokens", "",
                           "there are {} tokens already; revoke one first", tokens_per_user_max);
        }
        db::insert(sql, "tokens", row);
        write_audit(sql, now, {owner, "token_created", row.id, row.name});
        return {};
    };
    const Result<> added = co_await database_.write(work);
    if (!added) co_return added.error();
    co_return MadeToken{view_of(row), token};
}

Task<std::vector<Token>> Tokens::list(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::select<Token>(
            sql, "from tokens where user_id = :user and revoked_at_ms is null order by id desc",
            user);
    };
    co_return co_await database_.read(query);
}

Task<Result<>> Tokens::revoke(User owner, std::string token) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        const long long changed =
            db::execute(sql,
                        "update tokens set revoked_at_ms = :now where id = :id and "
                        "user_id = :user and revoked_at_ms is null",
                        now, token, owner.id);
        if (changed > 0) write_audit(sql, now, {owner, "token_revoked", token, ""});
        return changed;
    };
    const long long changed = co_await database_.write(work);
    if (changed == 0) co_return fail(Failure::not_found, "no such token");
    co_return Result<>{};
}

Task<bool> Tokens::holds(std::string token) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        const auto row = db::select_one<TokenRow>(sql, "from tokens where id = :id", token);
        if (!row || row->revoked_at_ms || row->expires_at_ms.value_or(now + 1) <= now) return false;
        const auto user = db::select_one<User>(sql, "from users where id = :id", row->user_id);
        return user && !user->disabled;
    };
    co_return co_await database_.read(query);
}

Task<Result<TokenOwner>> Tokens::check(std::string value, std::string address) {
    if (value.size() > 200) co_return unknown();
    const std::string hash = sha256_hex(value);
    const auto query = [&](soci::session& sql) {
        std::pair<std::optional<TokenRow>, std::optional<User>> found;
        found.first = db::select_one<TokenRow>(sql, "from tokens where hash = :hash", hash);
        if (found.first) {
            found.second =
                db::select_one<User>(sql, "from users where id = :id", found.first->user_id);
        }
        return found;
    };
    const auto found = co_await database_.read(query);
    if (!found.first || !found.second || found.first->revoked_at_ms || found.second->disabled) {
        co_return unknown();
    }
    const TokenRow& row = *found.first;
    const std::int64_t now = now_ms_();
    if (row.expires_at_ms && *row.expires_at_ms <= now) {
        co_return fail_as(Failure::unauthenticated, "token_expired", "", "the token has expired");
    }
    if (row.last_used_ms.value_or(0) + last_used_step_ms < now) {
        const auto note = [&](soci::session& sql) {
            db::execute(sql,
                        "update tokens set last_used_ms = :now, last_used_address = :address "
                        "where id = :id",
                        now, address, row.id);
        };
        co_await database_.write(note);
    }
    co_return TokenOwner{view_of(row), *found.second};
}

}  // namespace berth::accounts

#include "accounts/identities.hpp"

#include <algorithm>

#include "accounts/audit.hpp"
#include "accounts/email.hpp"
#include "accounts/identity_rows.hpp"
#include "accounts/user_rows.hpp"
#include "accounts/users.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

constexpr const char* how_to_link =
    "nobody here has linked this account: sign in another way and link it under Sessions, or ask "
    "for an invitation";

Error not_linked() {
    return fail_as(Failure::unauthenticated, "identity_unknown", "", "{}", how_to_link);
}
/// The same words for a person who may not sign in: a stranger learns nothing by them.
Error not_let_in() {
    return fail_as(Failure::forbidden, "identity_unknown", "", "{}", how_to_link);
}

constexpr const char* listed =
    "from (select i.id as id, (select min(p.name) from sign_in_providers p where p.issuer = "
    "i.issuer and p.enabled = 1) as provider, i.issuer as issuer, i.email as email, "
    "i.created_at_ms as created_at_ms, i.last_used_ms as last_used_ms, i.user_id as user_id from "
    "identities i) linked ";

/// Whoever it is linked to, if they may sign in.
Result<KnownPerson> person_of(soci::session& sql, const std::string& id,
                              const std::string& address) {
    auto user = db::select_one<User>(
        sql, "from users where id = (select user_id from identities where id = :id)", id);
    if (!user || user->disabled) return not_let_in();
    user->address = address;
    return KnownPerson{*user, id};
}

bool is_of(const std::string& email, const std::vector<std::string>& domains) {
    const std::string domain = email.substr(email.rfind('@') + 1);
    return std::ranges::find(domains, domain) != domains.end();
}

}  // namespace

Result<std::string> verified_email(const identity::Identity& identity) {
    Result<std::string> email = normalise_email(identity.email);
    if (email && identity.email_verified) return email;
    return fail_as(Failure::forbidden, "email_unverified", "",
                   "the provider tells no e-mail address of yours that it has verified");
}

Identities::Identities(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<std::vector<LinkedIdentity>> Identities::list(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::select<LinkedIdentity>(
            sql, std::string(listed) + "where user_id = :user order by id desc", user);
    };
    co_return co_await database_.read(query);
}

Task<Result<LinkedIdentity>> Identities::link(User user, identity::Identity identity) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<LinkedIdentity> {
        const Result<> may = may_link(sql, user.id, identity);
        if (!may) return may.error();
        const std::string id = link_identity(sql, user, identity, now);
        return db::select_one<LinkedIdentity>(sql, std::string(listed) + "where id = :id", id)
            .value();
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Identities::unlink(User user, std::string id) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto row = db::select_one<LinkedIdentity>(
            sql, std::string(listed) + "where id = :id and user_id = :user", id, user.id);
        if (!row) return fail(Failure::not_found, "no such linked account");
        const Result<> may = may_lose(sql, user.id, id);
        if (!may) return may.error();
        db::execute(sql, "delete from identities where id = :id", id);
        write_audit(sql, now, {user, "identity_unlinked", id, row->issuer});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<KnownPerson>> Identities::find(identity::Identity identity, std::string address) {
    const auto query = [&](soci::session& sql) -> Result<KnownPerson> {
        const auto id = db::value<std::string>(
            sql, "select id from identities where issuer = :issuer and subject = :subject",
            identity.issuer, identity.subject);
        if (!id) return not_linked();
        return person_of(sql, *id, address);
    };
    co_return co_await database_.read(query);
}

Task<Result<KnownPerson>> Identities::find_by_id(std::string id, std::string address) {
    const auto query = [&](soci::session& sql) { return person_of(sql, id, address); };
    co_return co_await database_.read(query);
}

Task<Result<KnownPerson>> Identities::welcome(SignInProvider provider, identity::Identity identity,
                                              std::string address) {
    if (provider.new_people != NewPeople::domains) co_return not_let_in();
    const Result<std::string> email = verified_email(identity);
    if (!email) co_return email.error();
    if (!is_of(*email, provider.domains)) co_return not_let_in();
    const std::int64_t now = now_ms_();
    const UserRow row{.id = new_id("usr"), .email = *email, .created_at_ms = now};
    const auto work = [&](soci::session& sql) -> Result<KnownPerson> {
        if (email_exists(sql, *email)) {
            return fail_as(Failure::conflict, "account_exists", "",
                           "{} has an account here: sign in to it another way, and link this one "
                           "under Sessions",
                           *email);
        }
        const Result<> may = may_link(sql, row.id, identity);
        if (!may) return may.error();
        User user = view_of(row);
        user.address = address;
        NewUser wanted;
        wanted.actor = user;
        const Result<> added = add_person(sql, row, wanted, now);
        if (!added) return added.error();
        return KnownPerson{user, link_identity(sql, user, identity, now)};
    };
    co_return co_await database_.write(work);
}

Task<> Identities::note_use(std::string id) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update identities set last_used_ms = :now where id = :id", now, id);
    };
    co_await database_.write(work);
}

}  // namespace berth::accounts

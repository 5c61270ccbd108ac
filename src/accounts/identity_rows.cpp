#include "accounts/identity_rows.hpp"

#include "accounts/audit.hpp"
#include "base/id.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct IdentityRow {
    std::string id{};
    std::string user_id{};
    std::string issuer{};
    std::string subject{};
    std::string email{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> last_used_ms{};
};
BOOST_DESCRIBE_STRUCT(IdentityRow, (),
                      (id, user_id, issuer, subject, email, created_at_ms, last_used_ms))

namespace {

constexpr std::size_t email_bytes_max = 254;

std::int64_t count(soci::session& sql, const std::string& from, const std::string& first,
                   const std::string& second) {
    return db::value<std::int64_t>(sql, "select count(*) " + from, first, second).value_or(0);
}

}  // namespace

Result<> may_link(soci::session& sql, const std::string& user, const identity::Identity& identity) {
    if (count(sql, "from identities where issuer = :issuer and subject = :subject", identity.issuer,
              identity.subject) > 0) {
        return fail_as(Failure::conflict, "identity_taken", "",
                       "it is linked to an account already");
    }
    const auto own =
        db::value<std::int64_t>(sql, "select count(*) from identities where user_id = :user", user);
    if (own.value_or(0) >= identities_per_person_max) {
        return fail_as(Failure::conflict, "too_many_identities", "",
                       "there are {} linked already; remove one first", identities_per_person_max);
    }
    return {};
}

std::string link_identity(soci::session& sql, const User& user, const identity::Identity& identity,
                          std::int64_t now_ms) {
    const IdentityRow row{.id = new_id("idn"),
                          .user_id = user.id,
                          .issuer = identity.issuer,
                          .subject = identity.subject,
                          .email = identity::printable(identity.email, email_bytes_max),
                          .created_at_ms = now_ms};
    db::insert(sql, "identities", row);
    const std::string subject = identity::printable(identity.subject, 100);
    write_audit(sql, now_ms,
                {user, "identity_linked", row.id, fmt::format("{} at {}", subject, row.issuer)});
    return row.id;
}

bool has_way_in(soci::session& sql, const std::string& user, const std::string& but) {
    const auto passwords = db::value<std::int64_t>(
        sql, "select count(*) from users where id = :user and password_hash <> ''", user);
    return passwords.value_or(0) > 0 ||
           count(sql, "from passkeys where user_id = :user and id <> :but", user, but) > 0 ||
           count(sql,
                 "from identities where user_id = :user and id <> :but and issuer in "
                 "(select issuer from sign_in_providers where enabled = 1)",
                 user, but) > 0;
}

Result<> may_lose(soci::session& sql, const std::string& user, const std::string& way) {
    if (has_way_in(sql, user, way)) return {};
    return fail_as(Failure::conflict, "last_way_in", "",
                   "there is no other way to sign in: choose a password or add a passkey first");
}

}  // namespace berth::accounts

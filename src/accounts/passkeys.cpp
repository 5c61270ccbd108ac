#include "accounts/passkeys.hpp"

#include "accounts/audit.hpp"
#include "accounts/identity_rows.hpp"
#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct PasskeyRow {
    std::string id{};
    std::string user_id{};
    std::string name{};
    std::string credential{};  // base64url, as is the key
    std::int64_t algorithm = 0;
    std::string public_key{};
    std::int64_t sign_count = 0;
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> last_used_ms{};
};
BOOST_DESCRIBE_STRUCT(PasskeyRow, (),
                      (id, user_id, name, credential, algorithm, public_key, sign_count,
                       created_at_ms, last_used_ms))

struct ChallengeRow {
    std::string challenge{};  // base64url
    std::string user_id{};    // "": of a sign-in
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ChallengeRow, (), (challenge, user_id, expires_at_ms))

namespace {

Error refused(Failure failure, std::string_view why) {
    return fail_as(failure, "passkey_refused", "", "the passkey was refused: {}", why);
}

/// The challenge that an answer names, used up whether or not the rest holds. Whether the answer is
/// really for it is check_client_data's matter.
std::optional<std::string> take_challenge(soci::session& sql, const std::string& client_data,
                                          const std::string& user, std::int64_t now_ms) {
    const Result<json::value> parsed = json::parse(client_data);
    if (client_data.size() > 4096 || !parsed || !parsed->is_object()) return std::nullopt;
    const json::value* named = parsed->get_object().if_contains("challenge");
    if (named == nullptr || !named->is_string()) return std::nullopt;
    const std::string text(named->get_string());
    const long long taken = db::execute(
        sql,
        "delete from passkey_challenges where challenge = :challenge and user_id = :user and "
        "expires_at_ms > :now",
        text, user, now_ms);
    if (taken == 0) return std::nullopt;
    const Result<std::string> bytes = from_base64url(text);
    return bytes ? std::optional(*bytes) : std::nullopt;
}

Result<> may_add(soci::session& sql, const std::string& user, const std::string& credential) {
    const auto count =
        db::value<std::int64_t>(sql, "select count(*) from passkeys where user_id = :user", user);
    if (count.value_or(0) >= Passkeys::per_person_max) {
        return fail_as(Failure::conflict, "too_many_passkeys", "",
                       "there are {} passkeys already; remove one first", Passkeys::per_person_max);
    }
    const auto taken = db::value<std::int64_t>(
        sql, "select count(*) from passkeys where credential = :credential", credential);
    if (taken.value_or(0) > 0) {
        return fail_as(Failure::conflict, "passkey_taken", "",
                       "this passkey is registered already");
    }
    return {};
}

}  // namespace

Passkeys::Passkeys(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<Result<std::string>> Passkeys::challenge(std::string user) {
    const std::int64_t now = now_ms_();
    const std::string bytes = random_bytes(32);
    const ChallengeRow row{base64url(bytes), user, now + challenge_lifetime_ms};
    const auto work = [&](soci::session& sql) -> Result<> {
        db::execute(sql, "delete from passkey_challenges where expires_at_ms <= :now", now);
        const auto count = db::value<std::int64_t>(sql, "select count(*) from passkey_challenges");
        if (count.value_or(0) >= challenges_max) {
            return fail_as(Failure::limited, "too_many_challenges", "",
                           "too many people sign in at once; try again in some minutes");
        }
        db::insert(sql, "passkey_challenges", row);
        return {};
    };
    const Result<> kept = co_await database_.write(work);
    if (!kept) co_return kept.error();
    co_return bytes;
}

Task<std::vector<Passkey>> Passkeys::list(std::string user) {
    const auto query = [&](soci::session& sql) {
        return db::select<Passkey>(sql, "from passkeys where user_id = :user order by id desc",
                                   user);
    };
    co_return co_await database_.read(query);
}

Task<std::vector<std::string>> Passkeys::credentials(std::string user) {
    const auto query = [&](soci::session& sql) {
        std::vector<std::string> found;
        for (const PasskeyRow& row :
             db::select<PasskeyRow>(sql, "from passkeys where user_id = :user", user))
            found.push_back(from_base64url(row.credential).value());
        return found;
    };
    co_return co_await database_.read(query);
}

Task<Result<Passkey>> Passkeys::add(User user, std::string name, RelyingParty party,
                                    PasskeyAnswer answer) {
    if (name.empty() || name.size() > 100) {
        co_return fail_as(Failure::invalid, "invalid_name", "/name", "name: 1 to 100 bytes");
    }
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<Passkey> {
        const auto challenge = take_challenge(sql, answer.client_data, user.id, now);
        if (!challenge) return refused(Failure::invalid, "made for another request, or too late");
        const Result<PasskeyKey> key =
            check_registration(party, *challenge, answer.client_data, answer.authenticator_data);
        if (!key) return key.error();
        const std::string credential = base64url(key->credential);
        const Result<> may = may_add(sql, user.id, credential);
        if (!may) return may.error();
        const PasskeyRow row{.id = new_id("psk"),
                             .user_id = user.id,
                             .name = name,
                             .credential = credential,
                             .algorithm = key->algorithm,
                             .public_key = base64url(key->public_key),
                             .sign_count = key->sign_count,
                             .created_at_ms = now};
        db::insert(sql, "passkeys", row);
        write_audit(sql, now, {user, "passkey_added", row.id, name});
        return Passkey{row.id, name, now, std::nullopt};
    };
    co_return co_await database_.write(work);
}

Task<Result<>> Passkeys::remove(User user, std::string passkey) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const auto found = db::value<std::int64_t>(
            sql, "select count(*) from passkeys where id = :id and user_id = :user", passkey,
            user.id);
        if (found.value_or(0) == 0) return fail(Failure::not_found, "no such passkey");
        const Result<> may = may_lose(sql, user.id, passkey);
        if (!may) return may.error();
        db::execute(sql, "delete from passkeys where id = :id", passkey);
        write_audit(sql, now, {user, "passkey_removed", passkey, ""});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<User>> Passkeys::sign_in(RelyingParty party, PasskeyAnswer answer,
                                     std::string address) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<User> {
        const auto challenge = take_challenge(sql, answer.client_data, "", now);
        if (!challenge) {
            return refused(Failure::unauthenticated, "made for another request, or too late");
        }
        const auto row = db::select_one<PasskeyRow>(
            sql, "from passkeys where credential = :credential", base64url(answer.credential));
        if (!row) return refused(Failure::unauthenticated, "it is not known here");
        const PasskeyKey key{answer.credential, row->algorithm,
                             from_base64url(row->public_key).value(), row->sign_count};
        const Result<std::int64_t> count =
            check_assertion(party, *challenge, key, answer.client_data, answer.authenticator_data,
                            answer.signature);
        auto user = db::select_one<User>(sql, "from users where id = :id", row->user_id);
        if (!count) {
            const AuditActor actor(user ? user->email : "", address, "");
            write_audit(sql, now, {actor, "passkey_refused", row->id, count.error().message});
            return count.error();
        }
        if (!user || user->disabled) {
            return refused(Failure::unauthenticated, "it is not known here");
        }
        db::execute(sql,
                    "update passkeys set sign_count = :count, last_used_ms = :now where id = :id",
                    *count, now, row->id);
        user->address = address;
        return *user;
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::accounts

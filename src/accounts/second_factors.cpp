#include "accounts/second_factors.hpp"

#include "accounts/audit.hpp"
#include "accounts/totp.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct TotpRow {
    std::string user_id{};
    std::string sealed_secret{};
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> confirmed_at_ms{};
    std::int64_t used_step = 0;  // of the last code that was taken
};
BOOST_DESCRIBE_STRUCT(TotpRow, (),
                      (user_id, sealed_secret, created_at_ms, confirmed_at_ms, used_step))

namespace {

constexpr Throttle::Limit code_limit{.name = "code", .failures = 5, .window_ms = 15 * 60'000};

std::string context_of(const std::string& user) {
    return "totp/" + user;
}

std::optional<TotpRow> row_of(soci::session& sql, const std::string& user) {
    return db::select_one<TotpRow>(sql, "from totp where user_id = :user", user);
}

/// As typed: case, blanks and dashes do not matter.
std::string plain_code(std::string_view code) {
    std::string plain;
    for (const char c : code.substr(0, 64)) {
        if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return plain;
}

Error is_on() {
    return fail_as(Failure::conflict, "totp_on", "", "an authenticator app is set up already");
}
Error is_off() {
    return fail_as(Failure::conflict, "totp_off", "", "no authenticator app is set up");
}

/// Takes a code of the app, once. False: it is not one, or was taken before.
bool take_totp(soci::session& sql, const Sealer& sealer, const TotpRow& row,
               const std::string& code, std::int64_t now_ms) {
    const std::string secret = sealer.open(context_of(row.user_id), row.sealed_secret).value();
    const auto step = totp_step(secret, code, now_ms, row.used_step);
    if (!step) return false;
    return db::execute(sql,
                       "update totp set used_step = :step where user_id = :user and "
                       "used_step < :same",
                       *step, row.user_id, *step) > 0;
}

}  // namespace

SecondFactors::SecondFactors(db::Database& database, Clock now_ms, const std::string& key,
                             Throttle& throttle)
    : database_(database),
      now_ms_(std::move(now_ms)),
      sealer_(key),
      key_(key),
      throttle_(throttle) {}

/// Keyed: a code has 50 bits, which a hash alone would not hide from who has the database.
std::string SecondFactors::hash_of(const std::string& user, std::string_view code) const {
    return hex(hmac_sha256(key_, "recovery/" + user + "/" + plain_code(code)));
}

std::vector<std::string> SecondFactors::replace_codes(soci::session& sql,
                                                      const std::string& user) const {
    db::execute(sql, "delete from recovery_codes where user_id = :user", user);
    std::vector<std::string> codes;
    for (int i = 0; i < recovery_codes; ++i) {
        codes.push_back(random_word(5) + "-" + random_word(5));
        db::execute(sql, "insert into recovery_codes (user_id, hash) values (:user, :hash)", user,
                    hash_of(user, codes.back()));
    }
    return codes;
}

Task<SecondFactorState> SecondFactors::state(std::string user) {
    const auto query = [&](soci::session& sql) {
        SecondFactorState state;
        const std::optional<TotpRow> row = row_of(sql, user);
        if (!row || !row->confirmed_at_ms) return state;
        state.totp = true;
        state.since_ms = row->confirmed_at_ms;
        state.recovery_codes_left =
            db::value<std::int64_t>(
                sql,
                "select count(*) from recovery_codes where user_id = :user and used_at_ms is null",
                user)
                .value_or(0);
        return state;
    };
    co_return co_await database_.read(query);
}

Task<Result<TotpOffer>> SecondFactors::offer_totp(User user) {
    const std::int64_t now = now_ms_();
    const std::string secret = random_bytes(totp_secret_bytes);
    const TotpRow wanted{.user_id = user.id,
                         .sealed_secret = sealer_.seal(context_of(user.id), secret),
                         .created_at_ms = now};
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<TotpRow> before = row_of(sql, user.id);
        if (before && before->confirmed_at_ms) return is_on();
        db::execute(sql, "delete from totp where user_id = :user", user.id);
        db::insert(sql, "totp", wanted);
        return {};
    };
    const Result<> offered = co_await database_.write(work);
    if (!offered) co_return offered.error();
    co_return TotpOffer{base32(secret), totp_uri(secret, user.email)};
}

Task<Result<std::vector<std::string>>> SecondFactors::confirm_totp(User user, std::string code) {
    const std::vector<Throttle::Use> limits{{"code/" + user.id, code_limit}};
    const Result<> free = throttle_.take(limits);
    if (!free) co_return free.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<std::vector<std::string>> {
        const std::optional<TotpRow> row = row_of(sql, user.id);
        if (!row) {
            return fail_as(Failure::conflict, "totp_not_offered", "",
                           "no secret waits to be confirmed; begin again");
        }
        if (row->confirmed_at_ms) return is_on();
        if (!take_totp(sql, sealer_, *row, code, now)) {
            return fail_as(Failure::forbidden, "wrong_code", "/code",
                           "code: not the one that the app shows now");
        }
        db::execute(sql, "update totp set confirmed_at_ms = :now where user_id = :user", now,
                    user.id);
        write_audit(sql, now, {user, "totp_added", user.id, ""});
        return replace_codes(sql, user.id);
    };
    Result<std::vector<std::string>> codes = co_await database_.write(work);
    if (codes) throttle_.give_back(limits);
    co_return codes;
}

Task<Result<std::vector<std::string>>> SecondFactors::renew_recovery_codes(User user) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<std::vector<std::string>> {
        const std::optional<TotpRow> row = row_of(sql, user.id);
        if (!row || !row->confirmed_at_ms) return is_off();
        write_audit(sql, now, {user, "recovery_codes_renewed", user.id, ""});
        return replace_codes(sql, user.id);
    };
    co_return co_await database_.write(work);
}

Task<Result<>> SecondFactors::remove(std::string user, std::string email, AuditActor actor) {
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Result<> {
        const std::optional<TotpRow> row = row_of(sql, user);
        db::execute(sql, "delete from totp where user_id = :user", user);
        db::execute(sql, "delete from recovery_codes where user_id = :user", user);
        if (!row || !row->confirmed_at_ms) return is_off();
        write_audit(sql, now, {actor, "totp_removed", user, email});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<Factor>> SecondFactors::check(User user, std::optional<std::string> code) {
    const SecondFactorState now_asked = co_await state(user.id);
    if (!now_asked.totp) co_return Factor::none;
    if (!code || plain_code(*code).empty()) {
        co_return fail_as(Failure::unauthenticated, "second_factor_needed", "/code",
                          "code: the one of your authenticator app, or a recovery code");
    }
    const std::vector<Throttle::Use> limits{{"code/" + user.id, code_limit}};
    const Result<> free = throttle_.take(limits);
    if (!free) co_return free.error();
    const std::int64_t now = now_ms_();
    const auto work = [&](soci::session& sql) -> Factor {
        const std::optional<TotpRow> row = row_of(sql, user.id);
        if (!row) return Factor::none;  // removed in this moment: asked again at the next sign-in
        if (take_totp(sql, sealer_, *row, *code, now)) return Factor::totp;
        const long long taken =
            db::execute(sql,
                        "update recovery_codes set used_at_ms = :now where user_id = :user and "
                        "hash = :hash and used_at_ms is null",
                        now, user.id, hash_of(user.id, *code));
        if (taken > 0) write_audit(sql, now, {user, "recovery_code_used", user.id, ""});
        return taken > 0 ? Factor::recovery_code : Factor::none;
    };
    const Factor shown = co_await database_.write(work);
    if (shown == Factor::none) {
        co_return fail_as(Failure::unauthenticated, "wrong_code", "/code",
                          "code: it is wrong, was used before, or is of another time");
    }
    throttle_.give_back(limits);
    co_return shown;
}

}  // namespace berth::accounts

#include "accounts/device_logins.hpp"

#include "base/crypto.hpp"
#include "base/id.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {

struct DeviceRow {
    std::string id{};
    std::string device_hash{};
    std::string user_code{};
    std::string name{};
    TokenScope scope = TokenScope::admin;
    std::string user_agent{};
    std::string address{};
    DeviceState state = DeviceState::waiting;
    std::optional<std::string> user_id{};
    std::int64_t interval_ms = 0;
    std::int64_t polled_at_ms = 0;
    std::int64_t created_at_ms = 0;
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(DeviceRow, (),
                      (id, device_hash, user_code, name, scope, user_agent, address, state, user_id,
                       interval_ms, polled_at_ms, created_at_ms, expires_at_ms))

namespace {

/// RFC 8628 §6.1: no vowels, so no words; 8 of 20 letters are 34 bits for ten minutes.
std::string make_user_code() {
    constexpr std::string_view letters = "BCDFGHJKLMNPQRSTVWXZ";
    std::string code;
    while (code.size() < 8) {  // ends after about nine bytes
        const auto byte = static_cast<unsigned char>(random_bytes(1).front());
        if (byte < 240)
            code += letters[byte % letters.size()];  // 240 = 12 × 20: no letter is likelier
    }
    return code;
}

std::string plain_code(std::string_view code) {
    std::string plain;
    for (const char c : code.substr(0, 64)) {
        if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        plain += c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    }
    return plain;
}

Error unknown_code() {
    return fail_as(Failure::not_found, "device_code_not_found", "/user_code",
                   "user_code: no device waits with this code; it may have ended");
}

Result<DeviceRow> waiting_row(soci::session& sql, const std::string& user_code, std::int64_t now) {
    auto row = db::select_one<DeviceRow>(
        sql,
        "from device_logins where user_code = :code and state = 'waiting' and expires_at_ms > :now",
        plain_code(user_code), now);
    if (!row) return unknown_code();
    return std::move(*row);
}

Error over() {
    return fail_as(Failure::not_found, "expired_token", "", "this sign-in has ended; begin again");
}

}  // namespace

DeviceLogins::DeviceLogins(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<Result<DeviceOffer>> DeviceLogins::begin(DeviceWish wish) {
    if (wish.name.empty() || wish.name.size() > 100) {
        co_return fail_as(Failure::invalid, "invalid_name", "/name", "name: 1 to 100 bytes");
    }
    const std::int64_t now = now_ms_();
    const std::string secret = "dvc_" + base64url(random_bytes(32));
    const DeviceRow row{.id = new_id("dvl"),
                        .device_hash = sha256_hex(secret),
                        .user_code = make_user_code(),
                        .name = wish.name,
                        .scope = wish.scope,
                        .user_agent = wish.user_agent.substr(0, 300),
                        .address = wish.address,
                        .interval_ms = interval_ms,
                        .created_at_ms = now,
                        .expires_at_ms = now + lifetime_ms};
    const auto work = [&](soci::session& sql) -> Result<> {
        db::execute(sql, "delete from device_logins where expires_at_ms <= :now", now);
        const auto count = db::value<std::int64_t>(sql, "select count(*) from device_logins");
        if (count.value_or(0) >= waiting_max) {
            return fail_as(Failure::limited, "too_many_devices", "",
                           "too many devices wait to be signed in; try again in some minutes");
        }
        db::insert(sql, "device_logins", row);
        return {};
    };
    const Result<> begun = co_await database_.write(work);
    if (!begun) co_return begun.error();
    co_return DeviceOffer{.device_code = secret,
                          .user_code = row.user_code.substr(0, 4) + "-" + row.user_code.substr(4),
                          .expires_in_s = lifetime_ms / 1000,
                          .interval_s = interval_ms / 1000};
}

Task<Result<DeviceRequest>> DeviceLogins::look(std::string user_code) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) -> Result<DeviceRequest> {
        const Result<DeviceRow> row = waiting_row(sql, user_code, now);
        if (!row) return row.error();
        return DeviceRequest{row->name, row->scope, row->user_agent, row->address,
                             row->created_at_ms};
    };
    co_return co_await database_.read(query);
}

Task<Result<>> DeviceLogins::decide(std::string user_code, Decision decision, User user) {
    const std::int64_t now = now_ms_();
    const bool approved = decision == Decision::approve;
    const auto work = [&](soci::session& sql) -> Result<> {
        const Result<DeviceRow> row = waiting_row(sql, user_code, now);
        if (!row) return row.error();
        db::execute(sql, "update device_logins set state = :state, user_id = :user where id = :id",
                    approved ? DeviceState::approved : DeviceState::denied, user.id, row->id);
        write_audit(sql, now,
                    {user, approved ? "device_approved" : "device_denied", row->id,
                     fmt::format("{} at {}", row->name, row->address)});
        return {};
    };
    co_return co_await database_.write(work);
}

Task<Result<ApprovedDevice>> DeviceLogins::poll(std::string device_code) {
    if (device_code.size() > 200) co_return over();
    const std::int64_t now = now_ms_();
    const std::string hash = sha256_hex(device_code);
    const auto work = [&](soci::session& sql) -> Result<ApprovedDevice> {
        const auto row =
            db::select_one<DeviceRow>(sql, "from device_logins where device_hash = :hash", hash);
        if (!row || row->expires_at_ms <= now || row->state == DeviceState::used) return over();
        if (row->state == DeviceState::denied) {
            return fail_as(Failure::forbidden, "access_denied", "", "the sign-in was denied");
        }
        if (row->state == DeviceState::waiting) {
            const bool too_soon = now < row->polled_at_ms + row->interval_ms;
            db::execute(sql,
                        "update device_logins set polled_at_ms = :now, interval_ms = :interval "
                        "where id = :id",
                        now, row->interval_ms + (too_soon ? interval_ms : 0), row->id);
            if (too_soon) {
                return fail_as(Failure::limited, "slow_down", "",
                               "asked too soon; wait {} seconds from now on",
                               (row->interval_ms + interval_ms) / 1000);
            }
            return fail_as(Failure::conflict, "authorization_pending", "",
                           "nobody has approved it yet");
        }
        db::execute(sql, "update device_logins set state = 'used' where id = :id", row->id);
        const auto user =
            db::select_one<User>(sql, "from users where id = :id", row->user_id.value_or(""));
        if (!user || user->disabled) return over();
        return ApprovedDevice{*user, {row->name, row->scope, row->user_agent, row->address}};
    };
    co_return co_await database_.write(work);
}

}  // namespace berth::accounts

#pragma once
/// Signing in a machine that has no browser (RFC 8628): it shows a short code, which a person who
/// is signed in types into the dashboard, sees what asks and from where, and approves or denies.
/// Made to be hard to phish: the code is typed by hand, never in a link, and ends after ten
/// minutes.

#include <cstdint>
#include <string>

#include "accounts/audit.hpp"
#include "accounts/token.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

/// What a device wants to be: shown to who approves it.
struct DeviceWish {
    std::string name{};  // 1 to 100 bytes, as the device calls itself
    TokenScope scope = TokenScope::admin;
    std::string user_agent{};
    std::string address{};
};

struct DeviceOffer {
    std::string device_code{};  // the device's secret
    std::string user_code{};    // "BCDF-GHJK"
    std::int64_t expires_in_s = 0;
    std::int64_t interval_s = 0;  // between two polls
};

/// What stands on the page that asks.
struct DeviceRequest {
    std::string name{};
    TokenScope scope = TokenScope::admin;
    std::string user_agent{};
    std::string address{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(DeviceRequest, (), (name, scope, user_agent, address, created_at_ms))

enum class DeviceState { waiting, approved, denied, used };
BOOST_DESCRIBE_ENUM(DeviceState, waiting, approved, denied, used)

enum class Decision { approve, deny };
BOOST_DESCRIBE_ENUM(Decision, approve, deny)

/// Who approved, and what.
struct ApprovedDevice {
    User user{};
    DeviceWish wish{};
};

class DeviceLogins {
public:
    static constexpr std::int64_t lifetime_ms = 10 * 60'000;
    static constexpr std::int64_t interval_ms = 5'000;
    static constexpr std::int64_t waiting_max = 1'000;

    /// Both must outlive this.
    DeviceLogins(db::Database& database, Clock now_ms);

    /// Errors: invalid — invalid_name; limited — too_many_devices: 1,000 wait already.
    Task<Result<DeviceOffer>> begin(DeviceWish wish);

    /// Case, blanks and dashes of a code do not matter.
    /// Errors: not_found — device_code_not_found: unknown, over, or decided.
    Task<Result<DeviceRequest>> look(std::string user_code);

    /// Once. Errors: as look.
    Task<Result<>> decide(std::string user_code, Decision decision, User user);

    /// Asked by the device until it is decided; gives the person once.
    /// Errors: conflict — authorization_pending; limited — slow_down: asked too soon, and from now
    ///         on to be asked five seconds more seldom; forbidden — access_denied; not_found —
    ///         expired_token: unknown, over, used, or of a person who was disabled.
    Task<Result<ApprovedDevice>> poll(std::string device_code);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts

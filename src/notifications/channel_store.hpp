#pragma once
/// Where channels and their notifications are kept. Who may see them is decided before
/// (api/access.cpp). What puts notifications in: collect.hpp; what takes them out: notifier.hpp.

#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"
#include "notifications/channel.hpp"
#include "notifications/message.hpp"

namespace soci {
class session;
}

namespace berth::db {
class Database;
}

namespace berth::notifications {

struct NewChannel {
    std::string team{};
    std::optional<std::string> project{};
    ChannelKind kind{};
    std::string name{};
    std::vector<Event> events{};
    ChannelConfig config{};
};

/// What is not given stays.
struct ChannelChange {
    std::optional<std::string> name{};
    std::optional<std::vector<Event>> events{};
    std::optional<bool> enabled{};
    std::optional<ChannelConfig> config{};
};

struct AddedChannel {
    Channel channel{};
    std::string secret{};  // of a webhook's signatures; "" of other kinds
};

/// A notification that is due, with all that it takes to send it.
struct Due {
    std::string id{};
    Channel channel{};
    ChannelConfig config{};
    Message message{};
    std::int64_t attempts = 0;  // this one included
};

/// How an attempt ended.
struct Attempt {
    bool arrived = false;
    bool gone = false;  // the other side wants no more (410): the channel is switched off
    std::string error{};
    std::int64_t retry_after_ms = 0;  // as the other side asked; 0: it did not
};

class ChannelStore {
public:
    static constexpr std::size_t channels_max = 50;   // of a team
    static constexpr std::int64_t kept_max = 100;     // notifications of a channel
    static constexpr std::int64_t lease_ms = 60'000;  // of an attempt
    static constexpr std::int64_t retry_after_max_ms = 24ll * 3600 * 1000;

    /// All must outlive this.
    ChannelStore(db::Database& database, const Sealer& sealer, Clock now_ms)
        : database_(database), sealer_(sealer), now_ms_(std::move(now_ms)) {}

    /// Errors: invalid; not_found — the project is none of the team's, at /project; conflict —
    ///         too_many_channels.
    Task<Result<AddedChannel>> add(NewChannel wanted, accounts::AuditActor actor);
    /// Oldest first.
    Task<std::vector<Channel>> list(std::string team);
    /// Errors: not_found.
    Task<Result<Channel>> find(std::string team, std::string id);
    /// Errors: not_found; invalid; precondition — precondition_failed.
    Task<Result<Channel>> change(std::string team, std::string id, std::int64_t version,
                                 ChannelChange change, accounts::AuditActor actor);
    /// Errors: not_found.
    Task<Result<>> remove(std::string team, std::string id, accounts::AuditActor actor);

    /// Newest first, at most kept_max. Errors: not_found.
    Task<Result<std::vector<Notification>>> notifications(std::string team, std::string id);
    /// The same message again, at once. Errors: not_found.
    Task<Result<Notification>> redeliver(std::string team, std::string id,
                                         std::string notification);
    /// A test message, due at once; its id. Errors: not_found.
    Task<Result<std::string>> add_test(std::string team, std::string id, std::string dashboard);
    /// Errors: not_found.
    Task<Result<Notification>> notification(std::string id);

    /// Takes what is due, at most `max`, and holds it for lease_ms: who dies with it loses nothing.
    Task<std::vector<Due>> take_due(std::int64_t max);
    /// Notes how an attempt ended. What did not arrive is due again after the times of Standard
    /// Webhooks (5 s to 24 h, with jitter), ten attempts in all.
    Task<> finish(std::string notification, Attempt attempt);

private:
    db::Database& database_;
    const Sealer& sealer_;
    Clock now_ms_;
};

/// Puts a message for a channel into the queue; inside a write. Only the last kept_max of a channel
/// stay.
std::string enqueue(soci::session& sql, const std::string& channel, const Message& message,
                    std::int64_t now_ms);

/// When attempt `attempts` + 1 is due, from now; nothing: there is none. `random` from 0 to 1.
std::optional<std::int64_t> retry_delay_ms(std::int64_t attempts, double random);

}  // namespace berth::notifications

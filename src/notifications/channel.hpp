#pragma once
/// Where a team hears of its deployments: mail addresses, a chat, or any address that takes signed
/// webhooks.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace berth::notifications {

enum class ChannelKind { email, slack, discord, teams, telegram, webhook };
BOOST_DESCRIBE_ENUM(ChannelKind, email, slack, discord, teams, telegram, webhook)

/// What a channel may be told. A project's first failure after a success is deployment_broke, its
/// first success after a failure deployment_recovered, each beside failed and ready; they are
/// counted by branch. production_changed: promoted, or rolled back. approval_wanted: a stranger's
/// request waits for somebody's word; once for each.
enum class Event {
    deployment_ready,
    deployment_failed,
    deployment_broke,
    deployment_recovered,
    production_changed,
    approval_wanted,
    test,
};
BOOST_DESCRIBE_ENUM(Event, deployment_ready, deployment_failed, deployment_broke,
                    deployment_recovered, production_changed, approval_wanted, test)

/// What a channel needs to be spoken to; sealed at rest, for all of it may be secret.
struct ChannelConfig {
    std::vector<std::string> addresses{};  // email
    std::string url{};                     // slack, discord, teams, webhook
    std::string token{};                   // telegram: the bot's
    std::string chat{};                    // telegram
    std::string secret{};                  // webhook: "whsec_…"
};
BOOST_DESCRIBE_STRUCT(ChannelConfig, (), (addresses, url, token, chat, secret))

/// As people may see it.
struct Channel {
    std::string id{};                      // ntf_…
    std::string team{};                    // tea_…
    std::optional<std::string> project{};  // prj_…; none: all the team's
    ChannelKind kind{};
    std::string name{};
    std::string target{};  // where to, without what opens it: addresses, host, chat
    std::vector<Event> events{};
    bool enabled = true;
    std::int64_t version = 1;   // ETag
    std::int64_t failures = 0;  // attempts since the last that arrived
    std::optional<std::int64_t> last_sent_ms{};
    std::string last_error{};  // "" when the last attempt arrived
    std::optional<std::int64_t> last_error_ms{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Channel, (),
                      (id, team, project, kind, name, target, events, enabled, version, failures,
                       last_sent_ms, last_error, last_error_ms, created_at_ms))

enum class NotificationState { waiting, sent, failed };
BOOST_DESCRIBE_ENUM(NotificationState, waiting, sent, failed)

/// One message to one channel, and what became of it.
struct Notification {
    std::string id{};  // not_…
    std::string channel{};
    Event event{};
    std::string title{};
    NotificationState state{};
    std::int64_t attempts = 0;
    std::optional<std::int64_t> next_at_ms{};  // of a waiting one
    std::string error{};                       // of the last attempt
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> sent_at_ms{};
};
BOOST_DESCRIBE_STRUCT(Notification, (),
                      (id, channel, event, title, state, attempts, next_at_ms, error, created_at_ms,
                       sent_at_ms))

/// Checks what a kind needs and makes a webhook's secret where none is given.
/// Errors: invalid — at /config/…: missing_field, invalid_address, invalid_url, too_many.
Result<> check(ChannelKind kind, ChannelConfig& config);

/// The public part: "ann@example.com, bob@example.com", "hooks.example.com", "-100123".
std::string target_of(ChannelKind kind, const ChannelConfig& config);

}  // namespace berth::notifications

#pragma once
/// What a notification says, and how each kind of channel is told it. Names of projects, branches
/// and commits are strangers' words: in every form they are text, never syntax.

#include <string>
#include <utility>
#include <vector>

#include "notifications/channel.hpp"

namespace berth::notifications {

/// One thing that happened, in words. Kept as JSON until it has arrived.
struct Message {
    Event event{};
    std::string title{};    // "shop: production is ready"
    std::string text{};     // some lines more, or ""
    std::string link{};     // the deployment in the dashboard
    std::string project{};  // id
    std::string project_name{};
    std::string deployment{};  // id
    std::string state{};
    std::string environment{};
    std::string ref{};
    std::string commit{};
    std::string url{};  // of the site
    std::int64_t at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Message, (),
                      (event, title, text, link, project, project_name, deployment, state,
                       environment, ref, commit, url, at_ms))

/// A POST as it goes out.
struct Post {
    std::string url{};
    std::vector<std::string> fields{};  // "Name: value"
    std::string body{};
};

/// Where Telegram answers; another in tests.
inline constexpr const char* telegram_base = "https://api.telegram.org";

/// The POST of every kind but email. `id` and `now_ms` go into a webhook's signature.
/// Source: Slack's blocks, Discord's execute-webhook, Adaptive Cards 1.4, Telegram's sendMessage,
///         standardwebhooks.com.
Post post_of(ChannelKind kind, const ChannelConfig& config, const Message& message,
             const std::string& id, std::int64_t now_ms, const std::string& telegram);

}  // namespace berth::notifications

#pragma once
/// A project's push webhook, and what Git hosts have delivered to it.

#include <optional>
#include <string>

#include "githosts/event.hpp"

namespace berth::projects {

/// At most one a project. Its secret is sealed in the row and shown when it is made.
struct Webhook {
    std::string id{};  // whk_…: names it in its address, and opens nothing
    std::int64_t created_at_ms = 0;
    std::int64_t refused = 0;  // deliveries without a right signature: all that is kept of them
    std::optional<std::int64_t> refused_at_ms{};  // the last one
};
BOOST_DESCRIBE_STRUCT(Webhook, (), (id, created_at_ms, refused, refused_at_ms))

/// received: stored, to become a deployment; deployed; duplicate: an unfinished deployment of the
/// same commit and branch is what it leads to; ignored and failed: none, for a reason.
enum class Outcome { received, deployed, duplicate, ignored, failed };
BOOST_DESCRIBE_ENUM(Outcome, received, deployed, duplicate, ignored, failed)

/// One ref that a delivery moved, or a delivery that moved none.
struct Delivery {
    std::string id{};  // dlv_…
    githosts::Provider provider{};
    std::string event{};        // in the host's words
    std::string delivery_id{};  // the host's id; of a redelivery its own
    std::int64_t at_ms = 0;
    std::string ref{};
    std::string commit{};
    std::string message{};
    std::string pusher{};
    Outcome outcome = Outcome::received;
    std::string reason{};                        // in words; "" when it was deployed
    std::optional<std::string> deployment{};     // of received: the one that it will make
    std::optional<std::string> redelivery_of{};  // dlv_…
};
BOOST_DESCRIBE_STRUCT(Delivery, (),
                      (id, provider, event, delivery_id, at_ms, ref, commit, message, pusher,
                       outcome, reason, deployment, redelivery_of))

/// What of a payload is kept, to judge it again.
struct ParsedPush {
    githosts::EventKind kind{};
    std::vector<std::string> addresses{};
    std::string path{};
    githosts::Push push{};
};
BOOST_DESCRIBE_STRUCT(ParsedPush, (), (kind, addresses, path, push))

}  // namespace berth::projects

#pragma once
/// The one function that changes a deployment's state; inside a write. Everything else goes
/// through it.

#include <string>

#include "deployments/deployment.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

/// How a deployment ended, for states that are ends.
struct Outcome {
    std::optional<jobs::Reason> reason{};
    std::string detail{};
    std::string first_error{};
    std::string next_step{};
    std::optional<int> exit_code{};  // of the step that ends
    std::string actor{};
};

/// Compare-and-set on (state, epoch) as `was` has them, with the history row, the step rows, the
/// outbox row and the Git host's. False: somebody was faster, or `was` had ended; nothing changed.
bool change_state(soci::session& sql, const Deployment& was, jobs::State to, const Outcome& outcome,
                  std::int64_t now_ms);

/// What a state works on; nothing for queued and the ends.
std::optional<jobs::Step> step_of(jobs::State state);

/// The Git host of a linked project is to be told of this deployment's state.
void mark_report(soci::session& sql, const std::string& deployment, const std::string& project,
                 std::int64_t now_ms);

/// Puts an event into the outbox.
void announce(soci::session& sql, const std::string& topic, const std::string& type,
              const std::string& subject, std::int64_t now_ms);

}  // namespace berth::deployments

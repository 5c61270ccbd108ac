#pragma once
/// What the queue looks like in the database: which deployment a worker gets, and what is told to
/// those that wait. The rule is forecast.hpp's.

#include <optional>
#include <string>

#include "deployments/forecast.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

struct AdmissionRules {
    std::int64_t project_running_max = 2;
    std::int64_t memory_bytes = 0;  // of one build
};

inline constexpr std::int64_t forecast_max = 200;  // later ones only have a place in the line

/// The deployment that this worker begins next; nothing: none waits, or the first one has no room
/// there. Inside the write that claims it, so that no two claims see the same room.
std::optional<std::string> admit(soci::session& sql, const Machine& machine,
                                 const AdmissionRules& rules);

/// The `forecast_max` oldest that wait, all that run, and the workers seen within a minute.
Line read_line(soci::session& sql, const AdmissionRules& rules, std::int64_t now_ms);

/// The median of the project's last builds that ran to their end; of all projects' while it has
/// none; nothing while nobody has.
std::optional<std::int64_t> usual_ms(soci::session& sql, const std::string& project);

/// A sentence for the log: "Waits for a free slot; 2 are before it, begins in about 40 s".
/// Nothing when it need not wait.
std::optional<std::string> words_of(const Place& place, std::int64_t now_ms);

}  // namespace berth::deployments

#pragma once
/// Who of those that wait is next, why the others wait, and when their turn is likely to come. The
/// rule itself, of values alone; admission.hpp has the same rule where a worker claims.
///
/// The rule: of those whose project runs fewer than it may, the team that runs the fewest goes
/// first, then the oldest. Who is first waits until a worker has a slot and the memory for it;
/// nothing smaller overtakes it, or the big ones would never begin. A worker that runs nothing
/// takes any.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deployments/deployment.hpp"

namespace berth::deployments {

/// A worker. `slots` 0 and `memory_bytes` 0: it did not say.
struct Machine {
    std::string id{};
    std::int64_t slots = 0;
    std::int64_t memory_bytes = 0;
};

struct Runner {
    std::string project{};
    std::string team{};
    std::string machine{};
    std::int64_t memory_bytes = 0;
    std::optional<std::int64_t> end_ms{};  // when it is likely to end
};

struct Waiter {
    std::string id{};
    std::string project{};
    std::string team{};
    std::int64_t intent = 0;
    std::int64_t memory_bytes = 0;
    std::optional<std::int64_t> usual_ms{};  // that such builds take
};

struct Line {
    std::int64_t now_ms = 0;
    std::int64_t project_running_max = 1;
    std::vector<Machine> machines{};
    std::vector<Runner> running{};
    std::vector<Waiter> waiting{};
};

struct Place {
    std::int64_t position = 0;  // 1 is next
    std::optional<WaitReason> reason{};
    std::optional<std::int64_t> begin_ms{};
};

/// Whether a machine that runs `running` builds with `held_bytes` has room for `memory_bytes` more.
bool has_slot(const Machine& machine, std::int64_t running);
bool has_memory(const Machine& machine, std::int64_t running, std::int64_t held_bytes,
                std::int64_t memory_bytes);

/// The place of each that waits, by its id. A beginning is not foretold where it hangs on a build
/// of which nobody knows how long it takes. Costs waiting² steps.
std::map<std::string, Place> forecast(Line line);

}  // namespace berth::deployments

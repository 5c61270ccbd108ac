#pragma once
/// What a project's builds took, over time.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/task.hpp"
#include "db/database.hpp"

namespace berth::deployments {

struct BuildTotals {
    std::int64_t builds = 0;     // that have ended, however
    std::int64_t failed = 0;     // of them
    std::int64_t reused = 0;     // of them: an earlier build was published again
    std::int64_t worked_ms = 0;  // by workers, for all of them together
    // Of those that became ready and were built; none: there was none.
    std::optional<std::int64_t> p50_ms{};
    std::optional<std::int64_t> p95_ms{};
};
BOOST_DESCRIBE_STRUCT(BuildTotals, (), (builds, failed, reused, worked_ms, p50_ms, p95_ms))

struct BuildPoint : BuildTotals {
    std::int64_t begin_ms = 0;
};
BOOST_DESCRIBE_STRUCT(BuildPoint, (BuildTotals), (begin_ms))

struct BuildTimes {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
    std::int64_t step_ms = 0;
    BuildTotals totals{};
    std::vector<BuildPoint> points{};  // oldest first; steps without a build are left out
    bool cut = false;                  // there were more than `builds_max`; the oldest are missing
};
BOOST_DESCRIBE_STRUCT(BuildTimes, (), (from_ms, to_ms, step_ms, totals, points, cut))

/// Looked at for one answer.
inline constexpr std::int64_t builds_max = 10'000;

/// Of the project's deployments that were asked for in [from, to), removed ones too: their minutes
/// were spent. `from_ms` and `to_ms` are whole steps.
Task<BuildTimes> build_times(db::Database& database, std::string project, std::int64_t from_ms,
                             std::int64_t to_ms, std::int64_t step_ms);

}  // namespace berth::deployments

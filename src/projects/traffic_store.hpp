#pragma once
/// What a project's visitors did, per minute and per hour, as the edges reported it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "db/database.hpp"
#include "traffic/report.hpp"

namespace berth::projects {

class TrafficStore {
public:
    static constexpr std::int64_t minutes_kept_ms = 48 * traffic::hour_ms;
    static constexpr std::int64_t hours_kept_ms = 90 * 24 * traffic::hour_ms;

    TrafficStore(db::Database& database, Clock clock)
        : database_(database), clock_(std::move(clock)) {}

    /// Counts a report, once however often it comes: all of it, or nothing. Rows of projects that
    /// are gone, or from outside of the time that is kept, are left out.
    ///
    /// Errors: invalid — too_many_rows, bad_report: a name, number or bucket that no edge makes.
    Task<Result<>> count(traffic::Report report);

    /// The rows of that step (`minute_ms` or `hour_ms`) that begin in [from, to), oldest first.
    Task<std::vector<traffic::Row>> rows(std::string project, std::int64_t step_ms,
                                         std::int64_t from_ms, std::int64_t to_ms);

    /// Forgets what is older than it is kept; call now and then.
    Task<> prune();

private:
    db::Database& database_;
    Clock clock_;
};

}  // namespace berth::projects

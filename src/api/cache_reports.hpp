#pragma once
/// What workers keep from build to build, as they have said last, and the way to have it removed.
/// Nothing is stored: the workers have the truth, and say it again within half a minute.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "bus/bus.hpp"
#include "jobs/job.hpp"

namespace berth::api {

/// A cache and the worker that has it.
struct ToldCache {
    jobs::KeptCache cache{};
    std::string worker{};       // wrk_…
    std::string worker_name{};  // host name
};

struct WorkerCaches {
    std::string name{};
    std::uint64_t bytes = 0;
    std::uint64_t budget_bytes = 0;          // of all together
    std::uint64_t project_budget_bytes = 0;  // of one project's
};
BOOST_DESCRIBE_STRUCT(WorkerCaches, (), (name, bytes, budget_bytes, project_budget_bytes))

/// What became of an order to remove.
struct ClearedCaches {
    std::int64_t removed = 0;
    std::uint64_t removed_bytes = 0;
    std::int64_t in_use = 0;  // a build needs them: they stay
    std::uint64_t in_use_bytes = 0;
    std::int64_t unanswered = 0;  // their workers have not said yet; they go as soon as these ask
    std::uint64_t unanswered_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(ClearedCaches, (),
                      (removed, removed_bytes, in_use, in_use_bytes, unanswered, unanswered_bytes))

/// Belongs to the api's loop.
class CacheReports {
public:
    static constexpr std::int64_t forgotten_after_ms = 60'000;
    static constexpr std::size_t workers_max = 1'000;
    static constexpr std::int64_t asked_again_after_ms = 20'000;

    /// `bus` must outlive it.
    CacheReports(bus::Bus& bus, Clock clock) : bus_(bus), clock_(std::move(clock)) {}

    /// Takes the place of what that worker said before.
    /// Errors: invalid — bad_report; unavailable — too_many_workers.
    Result<> take(jobs::CacheReport report);

    /// What that worker is to remove; its own number when there is nothing.
    jobs::CacheOrder order_for(const std::string& worker) const;

    /// The same, waited for. Ends early when `over` says so.
    Task<jobs::CacheOrder> wait_for_order(std::string worker, std::chrono::milliseconds limit,
                                          std::function<bool()> over);

    /// What there is, the last used first; of two workers on one host (an upgrade) the later word
    /// counts. `project`: id, "" for all and the toolchains.
    std::vector<ToldCache> caches(const std::string& project);

    /// One per host, by name.
    std::vector<WorkerCaches> workers();

    /// The projects that a worker keeps caches of.
    std::set<std::string> projects_of(const std::string& worker) const;

    /// Orders that this worker removes all that it keeps of these projects, without a wait. What it
    /// has been told within `asked_again_after_ms` is not told again.
    void drop(const std::string& worker, const std::set<std::string>& projects);

    /// The same of one project, on all workers.
    void drop_everywhere(const std::string& project);

    /// Orders that a project's caches are removed (of one kind, or all) and waits for the workers'
    /// word, at most `limit`.
    Task<ClearedCaches> clear(std::string project, std::optional<jobs::CacheKind> kind,
                              std::chrono::milliseconds limit);

private:
    struct Told {
        jobs::CacheReport report{};
        std::int64_t at_ms = 0;
        std::int64_t number = 0;  // of the word: a later one is greater
        std::int64_t ordered = 0;
        std::set<std::string> remove{};                 // of the orders that are not carried out
        std::map<std::string, std::int64_t> dropped{};  // volume → when that was ordered last
    };

    void forget();

    bus::Bus& bus_;
    Clock clock_;
    std::map<std::string, Told> told_{};  // by worker
    std::int64_t words_ = 0;
};

}  // namespace berth::api

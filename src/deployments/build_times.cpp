#include "deployments/build_times.hpp"

#include <algorithm>
#include <map>

#include "db/records.hpp"
#include "jobs/job.hpp"

namespace berth::deployments {

struct EndedBuild {
    jobs::State state{};
    std::int64_t created_at_ms = 0;
    std::optional<std::string> reused_deployment{};
    std::int64_t worked_ms = 0;
};
BOOST_DESCRIBE_STRUCT(EndedBuild, (), (state, created_at_ms, reused_deployment, worked_ms))

namespace {

/// Totals, and the times that percentiles are taken of.
struct Sum {
    BuildTotals totals{};
    std::vector<std::int64_t> times_ms{};

    void add(const EndedBuild& build) {
        ++totals.builds;
        totals.failed += build.state == jobs::State::failed;
        totals.reused += build.reused_deployment.has_value();
        totals.worked_ms += build.worked_ms;
        if (build.state == jobs::State::ready && !build.reused_deployment)
            times_ms.push_back(build.worked_ms);
    }
    BuildTotals take() {
        std::ranges::sort(times_ms);
        totals.p50_ms = percentile(50);
        totals.p95_ms = percentile(95);
        return totals;
    }

private:
    /// The nearest rank: a time that a build had.
    std::optional<std::int64_t> percentile(std::size_t percent) const {
        if (times_ms.empty()) return std::nullopt;
        const std::size_t rank = (times_ms.size() * percent + 99) / 100;
        return times_ms[std::max<std::size_t>(rank, 1) - 1];
    }
};

}  // namespace

Task<BuildTimes> build_times(db::Database& database, std::string project, std::int64_t from_ms,
                             std::int64_t to_ms, std::int64_t step_ms) {
    const auto find = [&](soci::session& sql) {
        return db::select<EndedBuild>(
            sql,
            "from (select intent, state, created_at_ms, reused_deployment, coalesce((select "
            "sum(coalesce(s.end_ms, s.begin_ms) - s.begin_ms) from deployment_steps s "
            "where s.deployment = d.id), 0) as worked_ms from deployments d "
            "where d.project = :project and d.created_at_ms >= :begin and d.created_at_ms < :end "
            "and d.finished_at_ms is not null) ended order by intent desc limit :count",
            project, from_ms, to_ms, builds_max + 1);
    };
    std::vector<EndedBuild> builds = co_await database.read(find);
    BuildTimes times{.from_ms = from_ms, .to_ms = to_ms, .step_ms = step_ms, .totals = {}};
    times.cut = std::cmp_greater(builds.size(), builds_max);
    if (times.cut) builds.pop_back();
    Sum all;
    std::map<std::int64_t, Sum> steps;
    for (const EndedBuild& build : builds) {
        all.add(build);
        steps[build.created_at_ms - build.created_at_ms % step_ms].add(build);
    }
    times.totals = all.take();
    for (auto& [begin, sum] : steps) {
        BuildPoint point;
        static_cast<BuildTotals&>(point) = sum.take();
        point.begin_ms = begin;
        times.points.push_back(point);
    }
    co_return times;
}

}  // namespace berth::deployments

#include "projects/traffic_store.hpp"

#include <algorithm>

#include "db/records.hpp"

namespace berth::projects {

using traffic::Row;

/// A row of the table.
struct StoredTraffic : Row {
    std::int64_t step_ms = 0;
};
BOOST_DESCRIBE_STRUCT(StoredTraffic, (Row), (step_ms))

namespace {

constexpr std::size_t name_bytes_max = 200;
constexpr std::int64_t ahead_max_ms = 10 * traffic::minute_ms;  // an edge's clock may be wrong
constexpr std::uint64_t count_max = std::uint64_t{1} << 53;     // so that sums fit a bigint

bool is_plausible(const std::vector<traffic::Ranked>& list) {
    return list.size() <= traffic::ranked_max &&
           std::ranges::all_of(list, [](const traffic::Ranked& ranked) {
               return !ranked.name.empty() && ranked.name.size() <= name_bytes_max &&
                      ranked.requests <= count_max && ranked.error <= ranked.requests;
           });
}

bool is_plausible(const std::vector<traffic::Bucket>& latency) {
    return latency.size() <= traffic::buckets_max &&
           std::ranges::all_of(latency, [](const traffic::Bucket& bucket) {
               return bucket.bucket < traffic::buckets_max && bucket.requests <= count_max;
           });
}

bool is_plausible(const traffic::Counts& counts) {
    bool fits = true;
    boost::mp11::mp_for_each<json::members<traffic::Counts>>(
        [&](auto member) { fits = fits && counts.*member.pointer <= count_max; });
    return fits;
}

bool is_plausible(const Row& row) {
    return is_plausible(static_cast<const traffic::Counts&>(row)) && is_plausible(row.latency) &&
           is_plausible(row.paths) && is_plausible(row.referrers) && is_plausible(row.missing);
}

Result<> check(const traffic::Report& report) {
    if (report.rows.size() > traffic::report_rows_max) {
        return fail_as(Failure::invalid, "too_many_rows", "/rows", "at most {} rows in one report",
                       traffic::report_rows_max);
    }
    const bool named = report.edge.starts_with("edg_") && report.edge.size() <= 64;
    const bool holds =
        named && report.sequence > 0 && std::ranges::all_of(report.rows, [](const Row& row) {
            return row.project.size() <= 64 && row.deployment.size() <= 64 && is_plausible(row);
        });
    if (!holds) return fail_as(Failure::invalid, "bad_report", "", "no edge counts like this");
    return {};
}

/// Adds to the row of that step, or makes it.
void add_row(soci::session& sql, const Row& row, std::int64_t step_ms) {
    StoredTraffic stored;
    static_cast<Row&>(stored) = row;
    stored.step_ms = step_ms;
    stored.begin_ms = row.begin_ms - row.begin_ms % step_ms;
    const auto known = db::select_one<StoredTraffic>(
        sql,
        "from traffic where project = :project and step_ms = :step and begin_ms = :begin and "
        "deployment = :deployment",
        row.project, step_ms, stored.begin_ms, row.deployment);
    if (known) {
        traffic::add(stored, *known);
        db::execute(sql,
                    "delete from traffic where project = :project and step_ms = :step and "
                    "begin_ms = :begin and deployment = :deployment",
                    row.project, step_ms, stored.begin_ms, row.deployment);
    }
    db::insert(sql, "traffic", stored);
}

/// False: this report, or a later one of that edge, was counted already.
bool take_number(soci::session& sql, const traffic::Report& report, std::int64_t now_ms) {
    const auto last = db::value<std::int64_t>(
        sql, "select sequence from traffic_reports where edge = :edge", report.edge);
    if (last && *last >= report.sequence) return false;
    db::execute(sql,
                "insert into traffic_reports (edge, sequence, at_ms) values (:edge, :number, :at) "
                "on conflict (edge) do update set sequence = excluded.sequence, "
                "at_ms = excluded.at_ms",
                report.edge, report.sequence, now_ms);
    return true;
}

bool is_living(soci::session& sql, const std::string& project) {
    return db::value<std::int64_t>(
               sql, "select count(*) from projects where id = :id and deleted_at_ms is null",
               project)
               .value_or(0) > 0;
}

void count_rows(soci::session& sql, const traffic::Report& report, std::int64_t now_ms) {
    for (const Row& row : report.rows) {
        const std::int64_t age = now_ms - row.begin_ms;
        if (row.begin_ms < 0 || age < -ahead_max_ms || age > TrafficStore::hours_kept_ms) continue;
        if (!is_living(sql, row.project)) continue;
        if (age <= TrafficStore::minutes_kept_ms) add_row(sql, row, traffic::minute_ms);
        add_row(sql, row, traffic::hour_ms);
    }
}

}  // namespace

Task<Result<>> TrafficStore::count(traffic::Report report) {
    const Result<> holds = check(report);
    if (!holds) co_return holds.error();
    const std::int64_t now = clock_();
    const auto write = [&](soci::session& sql) {
        if (take_number(sql, report, now)) count_rows(sql, report, now);
    };
    co_await database_.write(write);
    co_return Result<>{};
}

Task<std::vector<Row>> TrafficStore::rows(std::string project, std::int64_t step_ms,
                                          std::int64_t from_ms, std::int64_t to_ms) {
    const auto find = [&](soci::session& sql) {
        return db::select<Row>(
            sql,
            "from traffic where project = :project and step_ms = :step and "
            "begin_ms >= :begin and begin_ms < :end order by begin_ms, deployment",
            project, step_ms, from_ms, to_ms);
    };
    co_return co_await database_.read(find);
}

Task<> TrafficStore::prune() {
    const std::int64_t now = clock_();
    const auto forget = [&](soci::session& sql) {
        db::execute(sql, "delete from traffic where step_ms = :step and begin_ms < :before",
                    traffic::minute_ms, now - minutes_kept_ms);
        db::execute(sql, "delete from traffic where step_ms = :step and begin_ms < :before",
                    traffic::hour_ms, now - hours_kept_ms);
        db::execute(sql, "delete from traffic_reports where at_ms < :before",
                    now - minutes_kept_ms);
        db::execute(sql,
                    "delete from traffic where project in "
                    "(select id from projects where deleted_at_ms is not null and "
                    "purge_at_ms is null)");
    };
    co_await database_.write(forget);
}

}  // namespace berth::projects

#include "deployments/admission.hpp"

#include <algorithm>

#include "db/records.hpp"
#include "deployments/rows.hpp"

namespace berth::deployments {

struct TimeRow {
    std::int64_t begin_ms = 0;
    std::int64_t finished_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TimeRow, (), (begin_ms, finished_at_ms))

struct MachineRow {
    std::string id{};
    std::int64_t slots = 0;
    std::int64_t memory_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(MachineRow, (), (id, slots, memory_bytes))

struct LineRow {
    std::string id{};
    std::string project{};
    std::string team{};
    std::int64_t intent = 0;
    std::string worker{};
    std::int64_t memory_bytes = 0;
    std::int64_t begin_ms = 0;
};
BOOST_DESCRIBE_STRUCT(LineRow, (), (id, project, team, intent, worker, memory_bytes, begin_ms))

namespace {

constexpr std::int64_t seen_ms = 60'000;
constexpr std::int64_t builds_looked_at = 9;

/// A build that takes longer than usual is taken to end in a tenth of that.
constexpr std::int64_t overdue_part = 10;

struct Load {
    std::int64_t running = 0;
    std::int64_t memory_bytes = 0;
};

Load load_of(soci::session& sql, const std::string& worker) {
    const std::string held =
        std::string("from deployments where worker = :worker and state in ") + held_states;
    const auto number = [&](const std::string& what) {
        return db::value<std::int64_t>(sql, "select " + what + " " + held, worker).value_or(0);
    };
    return {number("count(*)"), number("coalesce(sum(memory_bytes), 0)")};
}

std::optional<std::int64_t> median(std::vector<TimeRow> rows) {
    if (rows.empty()) return std::nullopt;
    std::vector<std::int64_t> times;
    times.reserve(rows.size());
    for (const TimeRow& row : rows)
        times.push_back(std::max<std::int64_t>(0, row.finished_at_ms - row.begin_ms));
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return *middle;
}

/// `of`: a condition on d with one parameter.
std::vector<TimeRow> times(soci::session& sql, const std::string& of, const std::string& argument) {
    return db::select<TimeRow>(
        sql,
        "from (select s.begin_ms as begin_ms, d.finished_at_ms as finished_at_ms from deployments "
        "d join deployment_steps s on s.deployment = d.id and s.name = 'prepare' where " +
            of +
            " and d.state = 'ready' and d.reused_deployment is null and d.finished_at_ms is not "
            "null order by d.intent desc limit :count) as earlier",
        argument, builds_looked_at);
}

std::vector<LineRow> rows_where(soci::session& sql, const std::string& states, std::int64_t most) {
    return db::select<LineRow>(
        sql,
        "from (select d.id as id, d.project as project, p.team as team, d.intent as intent, "
        "d.worker as worker, d.memory_bytes as memory_bytes, coalesce(s.begin_ms, 0) as begin_ms "
        "from deployments d join projects p on p.id = d.project left join deployment_steps s on "
        "s.deployment = d.id and s.name = 'prepare' where d.deleted_at_ms is null and d.state in " +
            states + " order by d.intent limit :most) as line",
        most);
}

const char* words_of(WaitReason reason) {
    switch (reason) {
        case WaitReason::worker:
            return "No worker is connected; this starts as soon as one is (the operator sees why "
                   "in "
                   "the log of `berth serve`, and with `berth doctor`)";
        case WaitReason::slot:
            return "Waits for a free slot";
        case WaitReason::memory:
            return "Waits for memory on a worker";
        case WaitReason::project:
            return "Waits behind another deployment of this project";
        case WaitReason::team:
            return "Waits for its team's turn";
    }
    std::unreachable();
}

std::string about(std::int64_t ms) {
    constexpr std::int64_t minute = 60'000;
    if (ms < minute) return fmt::format("{} s", std::max<std::int64_t>(1, ms / 1000));
    return fmt::format("{} min", (ms + minute / 2) / minute);
}

}  // namespace

std::optional<std::string> admit(soci::session& sql, const Machine& machine,
                                 const AdmissionRules& rules) {
    const Load load = load_of(sql, machine.id);
    if (!has_slot(machine, load.running)) return std::nullopt;
    if (!has_memory(machine, load.running, load.memory_bytes, rules.memory_bytes))
        return std::nullopt;
    const std::string held = held_states;
    return db::value<std::string>(
        sql,
        "select d.id from deployments d join projects p on p.id = d.project "
        "where d.state = 'queued' and d.deleted_at_ms is null and "
        "(select count(*) from deployments r where r.project = d.project and r.state in " +
            held +
            ") < :project_max order by (select count(*) from deployments r join projects q on "
            "q.id = r.project where q.team = p.team and r.state in " +
            held + "), d.intent limit 1",
        rules.project_running_max);
}

Line read_line(soci::session& sql, const AdmissionRules& rules, std::int64_t now_ms) {
    constexpr std::int64_t running_max = 10'000;
    Line line{.now_ms = now_ms, .project_running_max = rules.project_running_max};
    for (const MachineRow& row :
         db::select<MachineRow>(sql, "from workers where seen_at_ms > :since", now_ms - seen_ms)) {
        line.machines.push_back({row.id, row.slots, row.memory_bytes});
    }
    std::map<std::string, std::optional<std::int64_t>> known;
    const auto usual_of = [&](const std::string& project) {
        const auto [found, fresh] = known.try_emplace(project);
        if (fresh) found->second = usual_ms(sql, project);
        return found->second;
    };
    for (const LineRow& row : rows_where(sql, held_states, running_max)) {
        Runner runner{row.project, row.team, row.worker, row.memory_bytes, std::nullopt};
        if (const auto usual = usual_of(row.project)) {
            const std::int64_t end = row.begin_ms + *usual;
            runner.end_ms = end > now_ms ? end : now_ms + *usual / overdue_part;
        }
        line.running.push_back(std::move(runner));
    }
    for (const LineRow& row : rows_where(sql, "('queued')", forecast_max)) {
        line.waiting.push_back(
            {row.id, row.project, row.team, row.intent, rules.memory_bytes, usual_of(row.project)});
    }
    return line;
}

std::optional<std::int64_t> usual_ms(soci::session& sql, const std::string& project) {
    const auto own = median(times(sql, "d.project = :argument", project));
    return own ? own : median(times(sql, "d.project <> :argument", project));
}

std::optional<std::string> words_of(const Place& place, std::int64_t now_ms) {
    if (!place.reason) return std::nullopt;
    std::string words = words_of(*place.reason);
    if (place.reason == WaitReason::worker) return words;
    const std::int64_t before = place.position - 1;
    if (before > 0) words += fmt::format("; {} {} before it", before, before == 1 ? "is" : "are");
    if (place.begin_ms) words += ", begins in about " + about(*place.begin_ms - now_ms);
    return words;
}

}  // namespace berth::deployments

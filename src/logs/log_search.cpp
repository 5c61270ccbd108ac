#include "logs/log_search.hpp"

#include "base/clock.hpp"
#include "db/records.hpp"
#include "logs/log_chunk.hpp"
#include "logs/log_store.hpp"

namespace berth::logs {

struct LogRow {
    std::string id{};
    std::int64_t intent = 0;
    std::string ref{};
    std::string environment{};
    std::int64_t created_at_ms = 0;
    bool log_archived = false;
};
BOOST_DESCRIBE_STRUCT(LogRow, (), (id, intent, ref, environment, created_at_ms, log_archived))

struct LogSearch::Log {
    LogRow row{};
    std::int64_t after = 0;  // the first line to look at
};

namespace {

constexpr std::int64_t chunks_max = 32;  // that one look brings, so that a reader is not held long

/// Counts who searches, also when one is canceled.
class Turn {
public:
    explicit Turn(int& running) : running_(running) { ++running_; }
    ~Turn() { --running_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    int& running_;
};

}  // namespace

struct LogSearch::Run {
    std::string project{};
    std::string deployment{};
    LineFilter filter;
    SearchPlace from{};
    SearchLimits limits{};
    std::int64_t used_ms = 0;
    Found found{};

    bool is_spent() const {
        return found.hits.size() >= limits.hits_max || found.bytes >= limits.bytes_max ||
               used_ms >= limits.ms_max || found.deployments >= limits.deployments_max;
    }

    /// Looks through one chunk; the line to go on with, or nothing: all of it was looked at. Runs
    /// on a database thread, like everything that parses.
    std::optional<std::int64_t> look_through(const LogRow& log, const Chunk& chunk,
                                             const std::string& bytes, std::int64_t after,
                                             std::int64_t deadline_ms) {
        std::int64_t number = chunk.first;
        found.bytes += static_cast<std::int64_t>(bytes.size());
        for (jobs::Line& line : decode_lines(bytes)) {
            const std::int64_t mine = number++;
            if (mine < after) continue;
            if (filter.takes(line)) {
                found.hits.push_back({.deployment = log.id,
                                      .ref = log.ref,
                                      .environment = log.environment,
                                      .created_at_ms = log.created_at_ms,
                                      .line = {mine, std::move(line)}});
            }
            const bool enough = found.hits.size() >= limits.hits_max;
            if (enough || steady_now_ms() >= deadline_ms) return number;
        }
        return found.bytes >= limits.bytes_max ? std::optional(number) : std::nullopt;
    }
};

/// True: the whole log was looked at; else `found.next` says where to go on.
Task<bool> LogSearch::look_at(Run& run, Log log) {
    Fd archive;
    if (log.row.log_archived) {
        const std::string key = log_key(log.row.id);
        Result<Fd> opened = co_await objects_.open(key);
        if (!opened && opened.error().failure != Failure::not_found) {
            throw std::runtime_error(opened.error().message);
        }
        if (!opened) co_return true;  // removed meanwhile
        archive = std::move(*opened);
    }
    while (true) {  // ends with the log, or when the call has looked at enough
        bool whole = false;
        const auto look = [&](soci::session& sql) -> std::optional<std::int64_t> {
            const std::int64_t begin_ms = steady_now_ms();
            const std::int64_t deadline_ms = begin_ms + run.limits.ms_max - run.used_ms;
            const auto chunks = db::select<Chunk>(
                sql,
                "from log_chunks where deployment = :deployment and first + lines > :after "
                "order by first limit :count",
                log.row.id, log.after, chunks_max);
            std::optional<std::int64_t> stopped;
            for (const Chunk& chunk : chunks) {
                // Archived since we looked at the row: its lines are found by the next call.
                if (chunk.length > 0 && !archive) return log.after;
                const std::string bytes =
                    chunk.length > 0 ? read_piece(archive, chunk) : chunk.bytes;
                stopped = run.look_through(log.row, chunk, bytes, log.after, deadline_ms);
                log.after = stopped.value_or(chunk.first + chunk.lines);
                if (stopped) break;
            }
            whole = !stopped && static_cast<std::int64_t>(chunks.size()) < chunks_max;
            run.used_ms += steady_now_ms() - begin_ms;
            return stopped;
        };
        const std::optional<std::int64_t> stopped = co_await database_.read(look);
        if (whole) co_return true;
        if (stopped || run.is_spent()) {
            run.found.next = SearchPlace{log.row.intent, log.after};
            co_return false;
        }
    }
}

Task<Result<Found>> LogSearch::look(Run& run) {
    SearchPlace at = run.from;
    while (true) {  // ends with the last deployment, or when the call has looked at enough
        const auto find = [&](soci::session& sql) {
            return db::select<LogRow>(
                sql,
                "from deployments where project = :project and intent <= :intent and "
                "log_next > 0 and deleted_at_ms is null and (:all = '' or id = :deployment) "
                "order by intent desc limit 50",
                run.project, at.intent, run.deployment, run.deployment);
        };
        const std::vector<LogRow> rows = co_await database_.read(find);
        for (const LogRow& row : rows) {
            // Something is looked at in any case, so that who comes again gets on.
            if (run.found.deployments > 0 && run.is_spent()) {
                run.found.next = SearchPlace{row.intent, 0};
                co_return std::move(run.found);
            }
            ++run.found.deployments;
            Log log{row, row.intent == run.from.intent ? run.from.line : 0};
            const bool whole = co_await look_at(run, std::move(log));
            if (!whole) co_return std::move(run.found);
        }
        if (rows.size() < 50) co_return std::move(run.found);
        at.intent = rows.back().intent - 1;
    }
}

Task<Result<Found>> LogSearch::find(std::string project, std::string deployment, LineFilter filter,
                                    SearchPlace from, SearchLimits limits) {
    if (running_ >= at_once_max) {
        co_return fail_as(Failure::limited, "search_busy", "",
                          "others are searching; try again in a moment");
    }
    const Turn mine(running_);
    Run run{.project = std::move(project),
            .deployment = std::move(deployment),
            .filter = std::move(filter),
            .from = from,
            .limits = limits};
    Result<Found> found = co_await look(run);
    co_return found;
}

}  // namespace berth::logs

#include "deployments/inspections.hpp"

#include "base/id.hpp"
#include "db/records.hpp"

namespace berth::deployments {
namespace {

constexpr std::int64_t job_ms = 20'000;  // design §6: the bound of an inspection
constexpr std::int64_t kept_ms = 120'000;

enum class Progress { waiting, taken, done };
BOOST_DESCRIBE_ENUM(Progress, waiting, taken, done)

struct Row {
    std::string id{};
    std::string sealed_request{};
    Progress state{};
    std::optional<jobs::Inspection> result{};
    std::optional<jobs::Reason> reason{};
    std::string detail{};
    std::string next_step{};
    std::int64_t epoch = 0;
    std::string worker{};
    std::int64_t lease_until_ms = 0;
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Row, (),
                      (id, sealed_request, state, result, reason, detail, next_step, epoch, worker,
                       lease_until_ms, created_at_ms))

Failure failure_of(jobs::Reason reason) {
    switch (reason) {
        case jobs::Reason::clone_not_found:
        case jobs::Reason::clone_ref:
            return Failure::not_found;
        case jobs::Reason::clone_auth:
        case jobs::Reason::clone_blocked:
        case jobs::Reason::plan_failed:
            return Failure::invalid;
        case jobs::Reason::timed_out:
            return Failure::timed_out;
        default:
            return Failure::unavailable;
    }
}

Result<jobs::Inspection> answer(const Row& row) {
    if (row.result) return *row.result;
    const jobs::Reason reason = row.reason.value_or(jobs::Reason::internal);
    std::string message = row.detail;
    if (!row.next_step.empty()) message += ". " + row.next_step;
    return Error{failure_of(reason), boost::describe::enum_to_string(reason, ""), "/repo_url",
                 message};
}

}  // namespace

Task<Result<jobs::Inspection>> Inspections::inspect(jobs::Source source,
                                                    std::chrono::milliseconds limit) {
    const std::string id = new_id("ins");
    const Row row{.id = id,
                  .sealed_request = sealer_.seal("inspection/" + id, json::text(source)),
                  .created_at_ms = clock_()};
    const auto done = bus_.subscribe("inspection/" + id);
    const auto insert = [&](soci::session& sql) { db::insert(sql, "inspections", row); };
    co_await database_.write(insert);
    bus_.publish({.topic = "queue", .type = "inspect", .id = id});

    const std::int64_t deadline = steady_now_ms() + limit.count();
    while (true) {  // ends when it is done, or at the deadline
        const auto look = [&](soci::session& sql) {
            return db::select_one<Row>(sql, "from inspections where id = :id", id);
        };
        const std::optional<Row> now = co_await database_.read(look);
        if (now && now->state == Progress::done) co_return answer(*now);
        const std::int64_t left = deadline - steady_now_ms();
        if (left <= 0 && now && now->state == Progress::waiting) {
            co_return fail_as(Failure::unavailable, "no_worker", "",
                              "no worker took the job: is one connected?");
        }
        if (left <= 0) {
            co_return fail_as(Failure::timed_out, "timed_out", "/repo_url",
                              "the repository did not answer within {} s", limit.count() / 1000);
        }
        const std::chrono::milliseconds pause(std::min<std::int64_t>(left, 2000));
        co_await done->next(pause);
    }
}

Task<std::optional<jobs::Job>> Inspections::claim(std::string worker) {
    const std::int64_t now = clock_();
    const auto take = [&](soci::session& sql) -> std::optional<Row> {
        auto found = db::select_one<Row>(
            sql,
            "from inspections where state = 'waiting' and created_at_ms > :since "
            "order by created_at_ms limit 1",
            now - job_ms);
        if (!found) return std::nullopt;
        db::execute(sql,
                    "update inspections set state = 'taken', epoch = epoch + 1, worker = :worker, "
                    "lease_until_ms = :until where id = :id",
                    worker, now + job_ms, found->id);
        return found;
    };
    const auto waiting = [&](soci::session& sql) {
        return db::value<std::int64_t>(
                   sql,
                   "select count(*) from inspections where state = 'waiting' and "
                   "created_at_ms > :since",
                   now - job_ms)
            .value_or(0);
    };
    if (co_await database_.read(waiting) == 0) co_return std::nullopt;
    const std::optional<Row> row = co_await database_.write(take);
    if (!row) co_return std::nullopt;
    const Result<std::string> request = sealer_.open("inspection/" + row->id, row->sealed_request);
    if (!request) co_return std::nullopt;
    jobs::Job job{.id = row->id, .kind = jobs::Kind::inspect, .epoch = row->epoch + 1};
    job.source = json::parse_as<jobs::Source>(*request).value();
    job.limits.clone_ms = job_ms;
    co_return job;
}

Task<Result<>> Inspections::finish(std::string id, jobs::Finish finish) {
    const auto end = [&](soci::session& sql) {
        return db::execute(sql,
                           "update inspections set state = 'done', sealed_request = '', "
                           "result = :result, reason = :reason, detail = :detail, "
                           "next_step = :next_step where id = :id and epoch = :epoch and "
                           "state = 'taken'",
                           finish.inspection, finish.reason, finish.detail, finish.next_step, id,
                           finish.epoch);
    };
    if (co_await database_.write(end) == 0) {
        co_return fail_as(Failure::conflict, "lease_lost", "", "this job is no longer yours");
    }
    bus_.publish({.topic = "inspection/" + id, .type = "done", .id = id});
    co_return Result<>{};
}

Task<> Inspections::sweep() {
    const std::int64_t now = clock_();
    const auto forget = [&](soci::session& sql) {
        db::execute(sql, "delete from inspections where created_at_ms < :since", now - kept_ms);
    };
    co_await database_.write(forget);
}

}  // namespace berth::deployments

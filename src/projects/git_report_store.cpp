#include "projects/git_report_store.hpp"

#include <algorithm>

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::projects {

Task<std::vector<GitReport>> GitReportStore::due(std::int64_t limit) {
    const std::int64_t now = now_ms_();
    const auto query = [&](soci::session& sql) {
        return db::select<GitReport>(sql,
                                     "from git_reports where due = 1 and next_at_ms <= :now "
                                     "order by next_at_ms limit :limit",
                                     now, limit);
    };
    co_return co_await database_.read(query);
}

Task<> GitReportStore::told(GitReport report, githosts::StatusState state) {
    const std::string word = boost::describe::enum_to_string(state, "");
    const auto work = [&](soci::session& sql) {
        db::execute(sql,
                    "update git_reports set told = :told, trouble = '', attempts = 0 "
                    "where deployment = :id",
                    word, report.deployment);
        db::execute(sql, "update git_reports set due = 0 where deployment = :id and marks = :marks",
                    report.deployment, report.marks);
    };
    co_await database_.write(work);
}

Task<> GitReportStore::failed(GitReport report, std::string trouble, bool passing) {
    const std::int64_t attempts = report.attempts + 1;
    const std::int64_t pause =
        std::min(first_pause_ms << std::min<std::int64_t>(report.attempts, 20), pause_ms_max);
    const std::int64_t next = now_ms_() + pause;
    const bool again = passing && attempts < attempts_max;
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update git_reports set trouble = :trouble where deployment = :id",
                    trouble, report.deployment);
        db::execute(sql,
                    "update git_reports set due = :due, attempts = :attempts, next_at_ms = :next "
                    "where deployment = :id and marks = :marks",
                    again, attempts, next, report.deployment, report.marks);
    };
    co_await database_.write(work);
}

Task<> GitReportStore::drop(GitReport report) {
    const auto work = [&](soci::session& sql) {
        db::execute(sql, "update git_reports set due = 0 where deployment = :id and marks = :marks",
                    report.deployment, report.marks);
    };
    co_await database_.write(work);
}

Task<std::optional<GitReport>> GitReportStore::last(std::string project) {
    const auto query = [&](soci::session& sql) {
        return db::select_one<GitReport>(
            sql, "from git_reports where project = :project order by deployment desc limit 1",
            project);
    };
    co_return co_await database_.read(query);
}

}  // namespace berth::projects

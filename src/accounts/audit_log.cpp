#include "accounts/audit_log.hpp"

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

constexpr std::int64_t day_ms = 24ll * 3600 * 1000;

/// `end`: how the rows go on from `id`, and in which order.
std::vector<AuditRow> search(soci::session& sql, const AuditFilter& filter, const std::string& end,
                             std::int64_t id, std::int64_t limit) {
    const std::string text =
        "from audit where (:team = '' or team = :team_again) "
        "and (:project = '' or project = :project_id or "
        "project in (select id from projects where name = :project_name)) "
        "and (:actor = '' or actor = :actor_again) and (:action = '' or action = :action_again) "
        "and at_ms >= :since and (:until = 0 or at_ms < :until_again) " +
        end + " limit :count";
    return db::select<AuditRow>(sql, text, filter.team, filter.team, filter.project, filter.project,
                                filter.project, filter.actor, filter.actor, filter.action,
                                filter.action, filter.since_ms, filter.until_ms, filter.until_ms,
                                id, limit);
}

}  // namespace

AuditLog::AuditLog(db::Database& database, Clock now_ms)
    : database_(database), now_ms_(std::move(now_ms)) {}

Task<std::vector<AuditRow>> AuditLog::newest(AuditFilter filter, std::int64_t before,
                                             std::int64_t limit) {
    const std::int64_t from = before == 0 ? std::numeric_limits<std::int64_t>::max() : before;
    const auto query = [&](soci::session& sql) {
        return search(sql, filter, "and id < :from order by id desc", from, limit);
    };
    co_return co_await database_.read(query);
}

Task<std::vector<AuditRow>> AuditLog::oldest(AuditFilter filter, std::int64_t after,
                                             std::int64_t limit) {
    const auto query = [&](soci::session& sql) {
        return search(sql, filter, "and id > :from order by id", after, limit);
    };
    co_return co_await database_.read(query);
}

Task<AuditVerdict> AuditLog::check() {
    const auto query = [](soci::session& sql) { return check_chain(sql); };
    co_return co_await database_.read(query);
}

Task<std::int64_t> AuditLog::shorten(std::int64_t kept_days) {
    const std::int64_t now = now_ms_();
    const std::int64_t before = now - kept_days * day_ms;
    const auto old = [&](soci::session& sql) {
        return db::value<std::int64_t>(
                   sql, "select count(*) from (select id from audit where at_ms < :before limit 2)",
                   before)
            .value_or(0);
    };
    // A look first: nearly always there is nothing, and a write would wait for other writes.
    const std::int64_t some = co_await database_.read(old);
    if (some == 0) co_return 0;
    const auto work = [&](soci::session& sql) { return shorten_chain(sql, before, now); };
    co_return co_await database_.write(work);
}

Task<> AuditLog::note(AuditActor actor, std::string action, std::string detail) {
    const std::int64_t now = now_ms_();
    const AuditEntry entry{actor, action, "", detail};
    const auto work = [&](soci::session& sql) { write_audit(sql, now, entry); };
    co_await database_.write(work);
}

}  // namespace berth::accounts

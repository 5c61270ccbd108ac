#include "accounts/audit.hpp"

#include "accounts/audit_chain.hpp"
#include "accounts/user.hpp"
#include "db/records.hpp"

namespace berth::accounts {
namespace {

/// The project and the team that a row belongs to, by its target.
void put_in_place(soci::session& sql, AuditRow& row) {
    if (row.target.starts_with("tea_")) row.team = row.target;
    if (row.target.starts_with("prj_")) row.project = row.target;
    if (row.target.starts_with("dpl_")) {
        const auto project = db::value<std::string>(
            sql, "select project from deployments where id = :id", row.target);
        row.project = project.value_or("");
    }
    // What is the team's own, and no project's.
    for (const auto& [prefix, table] :
         {std::pair("ntf_", "notification_channels"), std::pair("gco_", "git_connections")}) {
        if (!row.target.starts_with(prefix)) continue;
        const auto owner = db::value<std::string>(
            sql, std::string("select team from ") + table + " where id = :id", row.target);
        row.team = owner.value_or("");
    }
    if (row.project.empty()) return;
    const auto team =
        db::value<std::string>(sql, "select team from projects where id = :id", row.project);
    row.team = team.value_or("");
}

}  // namespace

AuditActor::AuditActor(std::string who) : name(std::move(who)) {}
AuditActor::AuditActor(const char* who) : name(who) {}
AuditActor::AuditActor(const User& user)
    : name(user.email), address(user.address), token(user.token) {}
AuditActor::AuditActor(std::string who, std::string from, std::string by)
    : name(std::move(who)), address(std::move(from)), token(std::move(by)) {}

void write_audit(soci::session& sql, std::int64_t now_ms, const AuditEntry& entry) {
    AuditRow row{.at_ms = now_ms,
                 .actor = entry.actor.name,
                 .address = entry.actor.address,
                 .token = entry.actor.token,
                 .action = entry.action,
                 .target = entry.target,
                 .detail = entry.detail};
    put_in_place(sql, row);
    append_to_chain(sql, std::move(row));
}

}  // namespace berth::accounts

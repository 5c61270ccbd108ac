#include "accounts/audit.hpp"

#include "db/records.hpp"

namespace berth::accounts {

void write_audit(soci::session& sql, std::int64_t now_ms, const AuditEntry& entry) {
    db::execute(sql,
                "insert into audit (id, at_ms, actor, action, target, detail) "
                "values (:id, :at, :actor, :action, :target, :detail)",
                db::next_number(sql, "audit"), now_ms, entry.actor, entry.action, entry.target,
                entry.detail);
}

}  // namespace berth::accounts

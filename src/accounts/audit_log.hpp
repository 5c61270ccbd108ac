#pragma once
/// Reading the audit log: search, pages, checking its chain, and how long it is kept.

#include <vector>

#include "accounts/audit.hpp"
#include "accounts/audit_chain.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

/// What is looked for: all that is given must hold. "" and 0 let everything through.
struct AuditFilter {
    std::string team{};     // id
    std::string project{};  // id or name
    std::string actor{};    // as the row has it, whole
    std::string action{};
    std::int64_t since_ms = 0;
    std::int64_t until_ms = 0;  // not included
};

class AuditLog {
public:
    static constexpr std::int64_t kept_days_default = 400;

    /// Both must outlive this.
    AuditLog(db::Database& database, Clock now_ms);

    /// The rows before row `before`, newest first; 0 begins at the end.
    Task<std::vector<AuditRow>> newest(AuditFilter filter, std::int64_t before, std::int64_t limit);
    /// The rows after row `after`, oldest first; 0 begins at the beginning.
    Task<std::vector<AuditRow>> oldest(AuditFilter filter, std::int64_t after, std::int64_t limit);

    Task<AuditVerdict> check();

    /// Takes off what is older than that; says so in the log. Returns how many rows went.
    Task<std::int64_t> shorten(std::int64_t kept_days);

    /// A row of its own: about nothing that is stored in the same write.
    Task<> note(AuditActor actor, std::string action, std::string detail);

private:
    db::Database& database_;
    Clock now_ms_;
};

}  // namespace berth::accounts

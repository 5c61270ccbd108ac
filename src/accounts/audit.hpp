#pragma once
/// Who did what, kept for the operator.

#include <cstdint>
#include <string>

namespace soci {
class session;
}

namespace berth::accounts {

struct AuditEntry {
    std::string actor{};   // e-mail address, or "" for nobody
    std::string action{};  // "user_created"
    std::string target{};  // an id
    std::string detail{};  // never a secret
};

/// Writes the entry inside the transaction of what it is about.
void write_audit(soci::session& sql, std::int64_t now_ms, const AuditEntry& entry);

}  // namespace berth::accounts

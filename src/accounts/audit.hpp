#pragma once
/// Who did what: one row for every change that matters, written inside the transaction of the
/// change. The rows form a chain, see audit_chain.hpp; audit_log.hpp reads them.

#include <cstdint>
#include <string>

namespace soci {
class session;
}

namespace berth::accounts {

struct User;

/// Who does something. Made of a person, or of a name alone where no request is under way.
struct AuditActor {
    AuditActor(std::string who);   // NOLINT(google-explicit-constructor): a name is an actor
    AuditActor(const char* who);   // NOLINT(google-explicit-constructor)
    AuditActor(const User& user);  // NOLINT(google-explicit-constructor)
    AuditActor(std::string who, std::string from, std::string by);

    std::string name{};     // e-mail address, what acts for nobody ("sign-up"), or ""
    std::string address{};  // of the request; "": it came from Berth itself
    std::string token{};    // tok_…, which the request came by; "": by none
};

struct AuditEntry {
    AuditActor actor;
    std::string action{};  // "user_created"
    std::string target{};  // an id; of a project, a deployment or a team: puts the row there
    std::string detail{};  // never a secret
};

/// Writes the entry inside the transaction of what it is about.
void write_audit(soci::session& sql, std::int64_t now_ms, const AuditEntry& entry);

}  // namespace berth::accounts

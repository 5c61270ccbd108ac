#pragma once
/// The chain that the audit log's rows form: each carries the hash of the one before, so that a row
/// which was changed, removed or put elsewhere is found. Whoever can write the database can also
/// compute a whole chain anew: what finds that is the hash of the last row, noted in another place.
/// Include only from .cpp files.

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.hpp"

namespace soci {
class session;
}

namespace berth::accounts {

/// A row as it is stored and shown; all fields but `hash` go into the hash.
struct AuditRow {
    std::int64_t id = 0;  // 1, 2, 3, …: none is left out
    std::int64_t at_ms = 0;
    std::string actor{};
    std::string address{};
    std::string token{};
    std::string action{};
    std::string target{};
    std::string project{};  // id, or ""
    std::string team{};     // id, or ""
    std::string detail{};
    std::string previous_hash{};  // "" of the very first
    std::string hash{};
};
BOOST_DESCRIBE_STRUCT(AuditRow, (),
                      (id, at_ms, actor, address, token, action, target, project, team, detail,
                       previous_hash, hash))

/// SHA-256 in hex of the JSON list of the row's fields in their order, without `hash` and without
/// blanks: `[7,1800000000000,"ann@example.com",…]`. What checks an export computes the same.
std::string hash_of(const AuditRow& row);

/// Gives the row its number and hashes and stores it. Two writers at once wait for one another.
void append_to_chain(soci::session& sql, AuditRow row);

/// What checking the chain found.
struct AuditVerdict {
    bool intact = false;
    std::int64_t rows = 0;             // that were found good
    std::int64_t first_id = 0;         // the first row that there should be; 0: there is none
    std::int64_t last_id = 0;          // the last one
    std::string last_hash{};           // of the last one: note it elsewhere
    std::optional<std::int64_t> at{};  // the first row at fault
    std::string fault{};               // changed, missing, misplaced, or ""
};
BOOST_DESCRIBE_STRUCT(AuditVerdict, (), (intact, rows, first_id, last_id, last_hash, at, fault))

/// Reads the whole log as it is at one moment.
AuditVerdict check_chain(soci::session& sql);

/// Takes off the oldest rows, up to the first that is not older than `before_ms`, and always keeps
/// the last one. What is left still checks: the chain then begins at the last hash that went.
/// Returns how many went.
std::int64_t shorten_chain(soci::session& sql, std::int64_t before_ms, std::int64_t now_ms);

}  // namespace berth::accounts

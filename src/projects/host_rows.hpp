#pragma once
/// The production host of a project in the one table of names.

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// Takes `host` for a project of `team`.
/// Its own, and that of a deleted project of the same team, it may take.
/// Errors: conflict — name_taken at /name: somebody has it, or another team freed it less than
///         `tombstone_ms` ago.
Result<> claim_production_host(soci::session& sql, const std::string& host,
                               const std::string& project, const std::string& team,
                               std::int64_t now_ms, std::int64_t tombstone_ms);

/// Has the routes of a project published anew: the publisher leaves out those of a deleted one.
void renew_routes(soci::session& sql, const std::string& project);

/// Frees every host of a project; the names rest as tombstones.
void release_hosts(soci::session& sql, const std::string& project, std::int64_t now_ms);

}  // namespace berth::projects

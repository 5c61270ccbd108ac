#pragma once
/// Rows of connections and links as several stores of this room need them; within a transaction.

#include <string>

#include "base/crypto.hpp"
#include "jobs/job.hpp"
#include "projects/git_connection.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// How Git gets into a project's repository by its connection: only while the project's address is
/// the one that was linked. Kind `none` otherwise.
/// Errors: invalid — seal_broken.
Result<jobs::Credential> linked_credential(soci::session& sql, const Sealer& sealer,
                                           const std::string& project);

std::optional<GitLink> find_link(soci::session& sql, const std::string& project);

/// Takes the link away and leaves its webhook to be removed at the host.
void drop_link(soci::session& sql, const std::string& project, std::int64_t now_ms);

/// The text that a token is sealed with.
std::string token_context(const std::string& connection);

/// Everything of a connection. Errors: not_found — connection_not_found; invalid — seal_broken.
Result<OpenConnection> open_connection(soci::session& sql, const Sealer& sealer,
                                       const std::string& connection);

}  // namespace berth::projects

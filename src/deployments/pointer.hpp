#pragma once
/// Which deployment a project's hosts point to; inside a write. Every move gets a new generation.

#include <string>

#include "deployments/deployment.hpp"

namespace soci {
class session;
}

namespace berth::deployments {

/// Points a finished deployment's own hosts at it, and production if it may go live by itself: the
/// production branch, no newer one live, not rolled back. Returns the newest generation given.
std::int64_t go_live(soci::session& sql, const Deployment& deployment, const std::string& base_host,
                     std::int64_t now_ms, std::int64_t retention_ms);

/// A ready deployment waits no more for its Git host's checks.
void end_waiting(soci::session& sql, const std::string& deployment);

/// Moves the production pointer and writes its history. Returns the generation.
std::int64_t move_production(soci::session& sql, const Deployment& deployment,
                             const std::string& host, const std::string& kind,
                             const std::string& actor, const std::string& reason, bool rolled_back,
                             std::int64_t now_ms, std::int64_t retention_ms);

}  // namespace berth::deployments

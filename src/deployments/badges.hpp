#pragma once
/// Status badges: a picture that says how a branch does, at an address that nobody guesses. A
/// project has one when somebody asked for it.

#include <optional>
#include <string>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::deployments {

/// Of the newest deployment of a branch that ended, unless a newer one is under way.
enum class BadgeState { ready, checks_failed, failed, building, none };

class Badges {
public:
    /// `database` must outlive this.
    Badges(db::Database& database, Clock clock) : database_(database), clock_(std::move(clock)) {}

    /// Nothing: it is off.
    Task<std::optional<std::string>> key_of(std::string project);
    /// A new key; the address with the old one ends.
    Task<std::string> turn_on(std::string project, accounts::AuditActor actor);
    Task<> turn_off(std::string project, accounts::AuditActor actor);
    /// `branch` "": production's. Nothing: there is no such badge.
    Task<std::optional<BadgeState>> state(std::string key, std::string branch);

private:
    db::Database& database_;
    Clock clock_;
};

/// The picture, as SVG: of words that are ours alone.
std::string badge_svg(BadgeState state);

}  // namespace berth::deployments

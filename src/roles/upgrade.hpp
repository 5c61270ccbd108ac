#pragma once
/// One supervisor's part in upgrades: the program that is replaced checks and executes the next one
/// in its own process; the next one says how it went, or gives everything back.

#include <optional>
#include <string>
#include <vector>

#include "roles/handover.hpp"
#include "roles/supervisor.hpp"

namespace berth::roles {

/// For how long `berth upgrade` waits for the end: longer than every bound on the way to it, but
/// for the migration of the database.
inline constexpr std::chrono::milliseconds upgrade_limit{300'000};

class Upgrade {
public:
    /// `verb` and `words`: what this process was started with ("serve", then its options).
    /// `handed`: of take_handover().
    Upgrade(std::string verb, std::vector<std::string> words, std::optional<Handover> handed);

    const std::optional<Handover>& handed() const { return handed_; }

    /// Looks at the program that lies where this one was started from, and becomes it. Returns when
    /// it is not fit: then nothing has changed, and log and status say why. `now`: lock, sockets,
    /// roles, and what was prepared.
    void begin(const std::string& status_path, Handover now) const;

    /// The roles are this program's now, or were given back to it: the status says so.
    void settle(const std::string& status_path);

    /// Becomes the program before, which goes on with what runs, where there is one and nothing is
    /// settled. Returns when there is none, or it cannot be executed. `supervisor`: null before
    /// there is one.
    void give_back(const std::string& why, const Supervisor* supervisor) const;

private:
    std::vector<std::string> command() const;

    std::string verb_;
    std::vector<std::string> words_;
    std::string program_;
    std::optional<Handover> handed_;
    bool settled_ = false;
};

std::vector<HandedRole> handed_roles(const Supervisor& supervisor);

}  // namespace berth::roles

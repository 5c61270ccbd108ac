#pragma once
/// What the program of a supervisor hands to the one that it executes in its place: as JSON in a
/// sealed memory file whose number is in BERTH_HANDOVER. The two are different versions of Berth,
/// so its form has a number of its own; a program says whether it takes it (`berth upgrade
/// --accepts N`) before it is given one.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "roles/config.hpp"
#include "roles/sockets.hpp"

namespace berth::roles {

/// Grows when a field gets another meaning, or one is added or taken away.
inline constexpr std::int64_t handover_form = 1;

enum class HandoverKind {
    upgrade,    // to another program: it replaces every role
    give_back,  // to the one before, because an upgrade failed: it goes on with what runs
};
BOOST_DESCRIBE_ENUM(HandoverKind, upgrade, give_back)

/// A process that the supervisor has started.
struct HandedRole {
    std::string role{};
    pid_t pid = -1;
    bool leaving = false;  // it was replaced, and told so
};
BOOST_DESCRIBE_STRUCT(HandedRole, (), (role, pid, leaving))

struct Handover {
    std::int64_t form = handover_form;
    HandoverKind kind = HandoverKind::upgrade;
    std::int64_t number = 0;  // of the attempt: see UpgradeStatus
    std::string version{};    // of the program that hands over
    std::string program{};    // the path by which Berth was started
    std::string why{};        // it is given back
    int lock = -1;            // of the data directory
    int previous = -1;        // the program before this one, open; -1: there is no way back
    std::vector<HandedSocket> sockets{};
    std::vector<HandedRole> roles{};
    Prepared prepared{};
};
BOOST_DESCRIBE_STRUCT(Handover, (),
                      (form, kind, number, version, program, why, lock, previous, sockets, roles,
                       prepared))

/// What this process was handed, once: the variable is gone then, and no descriptor is inherited
/// any further. Nothing: it was started by somebody else.
/// Errors: invalid — bad_handover: not in a form that we take.
Result<std::optional<Handover>> take_handover();

/// Closes the descriptors that it names, of which there are copies by now.
void close_handed(const Handover& handover);

/// Becomes `program` with these words after its name; every descriptor named in `handover` stays
/// open. Returns only when that fails, and nothing has changed then.
/// Errors: unavailable.
Error become(const std::string& program, const std::vector<std::string>& words,
             const Handover& handover);

/// The environment without what is between two of our own programs.
std::vector<std::string> outer_environment();

}  // namespace berth::roles

#pragma once
/// What Berth says when it is not root: whether it can build, and what then holds only in part.

#include <string>
#include <vector>

#include "engines/probe.hpp"
#include "roles/config.hpp"

namespace berth::roles {

/// Who builds on this machine: root, or a user who may make sandboxes.
struct Builder {
    std::vector<engines::Probed> missing{};  // what it cannot do without, each with its remedy
    std::string cgroups{};                   // of a user: the group that was given to it
};

/// Looks at this machine, as root or as the user. Takes what was delegated: before any child and
/// any thread is started. Blocking, about a second.
Builder look_at_builder(const ServeConfig& config);

/// What is weaker in builds without root, a sentence each.
std::vector<std::string> what_is_weaker(const std::string& cgroups);

/// For a supervisor: `missing` and what is weaker go to the log. As root nothing is looked at:
/// whatever is missing is the launcher's to say.
Builder look_and_say(const ServeConfig& config);

}  // namespace berth::roles

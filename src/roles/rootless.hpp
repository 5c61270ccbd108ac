#pragma once
/// What Berth says when it is not root: whether it can build, and what then holds only in part.

#include <string>
#include <vector>

#include "engines/probe.hpp"
#include "roles/config.hpp"

namespace berth::roles {

/// What sandboxes cannot do without and is not there, each with its remedy. Empty: builds can run.
/// Blocking, about a second; before any thread is started.
std::vector<engines::Probed> what_is_missing(const ServeConfig& config);

/// What is weaker in builds without root, a sentence each.
std::vector<std::string> what_is_weaker();

/// Whether builds can run on this machine, told in the log when they cannot or hold less than as
/// root. As root: true, and whatever is missing is the launcher's to say.
bool can_build(const ServeConfig& config);

}  // namespace berth::roles

#pragma once
/// Which team a command is about.

#include <string>

#include "cli/context.hpp"

namespace berth::cli {

/// The slug (or id) that was given, else that of the only team that the person belongs to.
/// Errors: not_found — no_team, ambiguous_team with the candidates.
Outcome<std::string> choose_team(Session& session, const std::string& given);

}  // namespace berth::cli

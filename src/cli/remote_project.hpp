#pragma once
/// The project that a directory's Git remote is of.

#include <optional>

#include "cli/project_choice.hpp"

namespace berth::cli {

/// The one built from the Git remote of a directory, or nothing.
/// Errors: not_found — ambiguous_project.
Outcome<std::optional<Project>> project_of_remote(Context& context, Session& session,
                                                  const std::string& directory);

}  // namespace berth::cli

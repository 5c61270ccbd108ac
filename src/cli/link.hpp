#pragma once
/// The project that a directory is of, where its Git remote does not say it: `.berth/project.json`,
/// looked for from the directory upwards.

#include <optional>
#include <string>

#include "cli/problem.hpp"

namespace berth::cli {

inline constexpr const char* link_file = ".berth/project.json";

/// The linked project's id, if there is a link for that server. `directory` "" is this one.
std::optional<std::string> linked_project(const std::string& directory, const std::string& server);

/// Errors: failure — the file cannot be written.
Outcome<> write_link(const std::string& directory, const std::string& server,
                     const std::string& project);

/// Whether there was one in the directory itself.
bool remove_link(const std::string& directory);

}  // namespace berth::cli

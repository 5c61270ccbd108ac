#pragma once
/// A directory of this machine as a project: where the repository begins, and which part is meant.

#include <optional>
#include <string>

#include "cli/problem.hpp"

namespace berth::cli {

struct Place {
    std::string top{};   // an absolute path without links
    std::string root{};  // below it, normalised; "" is the top itself
};

/// The repository around `directory`, and where in it that lies; without one it is itself the top.
/// With `root`, `directory` is the top.
/// Errors: not_found — no_directory; usage — a root outside.
Outcome<Place> place_of(const std::string& directory, const std::optional<std::string>& root);

}  // namespace berth::cli

#pragma once
/// A look at a repository, by the server: what is wrong with it and what to try.

#include <string>

#include "cli/problem.hpp"

namespace berth::cli {

/// Whether the repository itself is at fault; a worker that is busy or lost is not.
bool is_of_repository(const std::string& code);

/// A failed look, with its exit code and what to try.
Problem inspection_problem(Problem said);

}  // namespace berth::cli

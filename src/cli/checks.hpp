#pragma once
/// Checks of a deployment, as the API or a build here has them, for people.

#include <string>

#include "base/json.hpp"
#include "cli/problem.hpp"

namespace berth::cli {

/// A line for each, and what was found below those that failed.
std::string words_of_checks(const json::bj::array& items);

/// Errors: deployment_failed — checks_failed: one did.
Outcome<> failed_checks(const json::bj::array& items);

}  // namespace berth::cli

#pragma once
/// Which branches of a repository become previews: patterns that a project sets.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::rules {

inline constexpr std::size_t branch_patterns_max = 50;

/// `patterns` are globs (glob.hpp), those with "!" before them leave out. None: every branch.
/// Only with "!": every other branch. The production branch is never left out.
/// Returns why a branch is not deployed, for people, or "".
std::string refused_branch(const std::vector<std::string>& patterns, std::string_view production,
                           std::string_view branch);

/// Whether a pattern may begin with "!".
enum class Exclusion { allowed, refused };

/// Whether a project may have them: at most `branch_patterns_max` globs.
/// Errors: invalid — too_many, invalid_glob, at "/" + `field`.
Result<> check_patterns(const std::vector<std::string>& patterns, Exclusion exclusion,
                        const std::string& field);

}  // namespace berth::rules

#pragma once
/// The survey of a directory on this machine, for `berth detect`: the user's own files, read with
/// the user's own rights. A worker never uses it: trees of other people stay in a sandbox.

#include "plans/survey.hpp"

namespace berth::plans {

/// `directory`: the top of the repository. `root`: as normal_root() made it.
/// Errors: not_found — no such directory. A file that cannot be read counts as not there.
Result<Survey> survey_directory(const std::string& directory, std::string root);

}  // namespace berth::plans

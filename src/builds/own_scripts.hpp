#pragma once
/// A package's own scripts, kept apart from the install of its packages. What `npm ci` writes
/// before them depends on lock and manifest files, and can be kept; what they read may be any file
/// of the source, so they run after each install and after each one that is taken from before.

#include <string>
#include <vector>

#include "builds/build_run.hpp"

namespace berth::builds {

/// `install` for a shell, run while package.json is without those scripts; its exit code is the
/// install's. Names of scripts are plain words.
std::string without_scripts(const std::string& install, const std::vector<std::string>& scripts);

/// Whether the plan's own scripts are to be run apart. A variable of the project that keeps package
/// managers from running scripts is left to them.
bool runs_scripts_apart(const BuildRun& run);

/// Runs them one after another in a layer of their own above the packages.
Task<Outcome<>> run_own_scripts(BuildRun& run);

}  // namespace berth::builds

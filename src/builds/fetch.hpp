#pragma once
/// The first half of every job: the source in a volume and what it looks like.

#include "builds/build_run.hpp"

namespace berth::builds {

/// Clones, or unpacks the kept snapshot; fills run.survey and run.layers.
Task<Outcome<>> fetch(BuildRun& run);

/// Keeps the cloned source for later deployments of the same commit. Returns its SHA-256, or
/// nothing when that did not work out: no reason to fail a build.
Task<std::optional<std::string>> keep_source(BuildRun& run);

}  // namespace berth::builds

#pragma once
/// Keeps what builds left for later ones (snapshots, caches, toolchains) within numbers of bytes.

#include <cstdint>
#include <string>
#include <vector>

#include "builds/cache_holds.hpp"
#include "engines/engine.hpp"

namespace berth::builds {

struct CacheBudget {
    std::uint64_t bytes_max = 0;          // of all together
    std::uint64_t project_bytes_max = 0;  // of one project's, toolchains left out
};

/// Which kept volumes to remove so that the rest fits: of each project that has too many bytes,
/// then of all, the longest unused first, caches before toolchains of the same age. What is held
/// counts, but stays: others go in its place.
std::vector<std::string> over_budget(std::vector<engines::VolumeState> volumes,
                                     const CacheBudget& budget, const CacheHolds& holds);

/// Removes them; what is in use, and what a build has come to hold meanwhile, stays.
Task<> keep_budget(engines::Engine& engine, CacheBudget budget, const CacheHolds& holds);

}  // namespace berth::builds

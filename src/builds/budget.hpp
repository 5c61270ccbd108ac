#pragma once
/// Keeps what builds left for later ones (snapshots, toolchains) within a number of bytes.

#include <cstdint>
#include <string>
#include <vector>

#include "engines/engine.hpp"

namespace berth::builds {

/// Which kept volumes to remove so that the rest fits: the longest unused first, snapshots before
/// toolchains of the same age.
std::vector<std::string> over_budget(std::vector<engines::VolumeState> volumes,
                                     std::uint64_t bytes_max);

/// Removes them; what is in use stays.
Task<> keep_budget(engines::Engine& engine, std::uint64_t bytes_max);

}  // namespace berth::builds

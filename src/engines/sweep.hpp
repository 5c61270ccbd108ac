#pragma once
/// What a launcher does before it starts: ends what an earlier one of the same instance left.
/// Mounts, network namespaces and slirp4netns end by themselves with a launcher; disk images are
/// swept by Volumes::open.

#include "engines/cgroups.hpp"

namespace berth::engines {

/// Kills and removes the instance's cgroups. Blocking, at most 10 s. Logs what will not go.
void sweep(const Cgroups& cgroups);

}  // namespace berth::engines

#pragma once
/// What a build leaves for the next ones of its project, beside the snapshot of installed packages:
/// kept volumes that later runs see below what they write. Their names say whose they are:
/// KIND-PROJECT-TRUST[-BRANCH]-TIME. Trust is production or preview: neither writes what the other
/// reads first, and every kind is found again by who wrote it.

#include <string>
#include <string_view>
#include <vector>

#include "builds/pipeline.hpp"
#include "engines/engine.hpp"

namespace berth::builds {

/// `framework`: what bundlers keep from build to build; of a branch. `packages`: what package
/// managers have downloaded. `source`: the repository without its working tree; of an address.
enum class CacheKind { framework, packages, source };

/// Of all names of that kind, project and trust; with `part` (a branch, an address), of its own.
/// "" without a project.
std::string cache_prefix(CacheKind kind, std::string_view project, std::string_view trust,
                         std::string_view part = {});

/// "snap-PROJECT-KEY".
std::string snapshot_name(std::string_view project, std::string_view key);

/// Whose a kept volume of ours is; "" for toolchains and strangers.
std::string project_of_cache(std::string_view volume);

/// When a cache was saved; 0 when the name does not say.
std::int64_t saved_at_ms(std::string_view volume);

/// The hash that stands for a branch or an address in a cache's name; `cache_prefix`'s `part`.
std::string part_hash(std::string_view part);

/// What there is of ours, for people: the last used first, at most jobs::caches_per_report_max.
std::vector<jobs::KeptCache> kept_caches(const std::vector<engines::VolumeState>& volumes);

/// The volume that was saved last under that prefix, or "".
Task<std::string> newest_cache(engines::Engine& engine, std::string prefix);

/// Directories that bundlers keep, below the top of a source tree, for a project at `root`: usual
/// ones, there and at the top, and `named`, which the plan names for its framework, there.
std::vector<std::string> framework_cache_paths(const std::string& root,
                                               const std::vector<std::string>& named);

/// Saves it and removes what it replaces. What cannot be saved is said in the operator's log: the
/// next build does without.
Task<> save_cache(Workshop& workshop, const jobs::Job& job, std::string tenant, CacheSave save);

}  // namespace berth::builds

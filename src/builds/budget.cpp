#include "builds/budget.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/log.hpp"
#include "builds/caches.hpp"

namespace berth::builds {

namespace {

bool is_toolchain(const engines::VolumeState& volume) {
    return volume.name.starts_with("tool-");
}

bool goes_before(const engines::VolumeState& a, const engines::VolumeState& b) {
    return std::tuple(a.used_at_ms, is_toolchain(a), a.name) <
           std::tuple(b.used_at_ms, is_toolchain(b), b.name);
}

}  // namespace

std::vector<std::string> over_budget(std::vector<engines::VolumeState> volumes,
                                     const CacheBudget& budget, const CacheHolds& holds) {
    std::erase_if(volumes, [](const engines::VolumeState& volume) {
        const bool ours = is_toolchain(volume) || !project_of_cache(volume.name).empty();
        return !volume.kept || !ours;
    });
    std::uint64_t bytes = 0;
    std::map<std::string, std::uint64_t> of_project;
    for (const engines::VolumeState& volume : volumes) {
        bytes += volume.disk_bytes;
        if (!is_toolchain(volume)) of_project[project_of_cache(volume.name)] += volume.disk_bytes;
    }
    std::erase_if(volumes,
                  [&](const engines::VolumeState& volume) { return holds.is_held(volume.name); });
    std::ranges::sort(volumes, goes_before);
    std::vector<std::string> names;
    const auto drop = [&](const engines::VolumeState& volume) {
        bytes -= volume.disk_bytes;
        names.push_back(volume.name);
    };
    std::erase_if(volumes, [&](const engines::VolumeState& volume) {
        if (is_toolchain(volume)) return false;
        std::uint64_t& has = of_project[project_of_cache(volume.name)];
        if (has <= budget.project_bytes_max) return false;
        has -= volume.disk_bytes;
        drop(volume);
        return true;
    });
    for (const engines::VolumeState& volume : volumes) {
        if (bytes <= budget.bytes_max) break;
        drop(volume);
    }
    return names;
}

Task<> keep_budget(engines::Engine& engine, CacheBudget budget, const CacheHolds& holds) {
    const auto volumes = co_await engine.volumes();
    if (!volumes) co_return;
    const std::vector<std::string> names = over_budget(*volumes, budget, holds);
    for (const std::string& name : names) {
        // The engine takes a name out of its list before it begins to remove it, so a build that
        // comes later does not find it.
        if (holds.is_held(name)) continue;
        const Result<> removed = co_await engine.remove_volume(name);
        if (removed) log::info("cache removed", {{"volume", name}});
    }
}

}  // namespace berth::builds

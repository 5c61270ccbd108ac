#include "builds/budget.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace berth::builds {

std::vector<std::string> over_budget(std::vector<engines::VolumeState> volumes,
                                     std::uint64_t bytes_max) {
    std::erase_if(volumes, [](const engines::VolumeState& volume) {
        const bool ours = volume.name.starts_with("snap-") || volume.name.starts_with("tool-");
        return !volume.kept || !ours;
    });
    std::uint64_t bytes = 0;
    for (const engines::VolumeState& volume : volumes)
        bytes += volume.disk_bytes;
    std::sort(volumes.begin(), volumes.end(),
              [](const engines::VolumeState& a, const engines::VolumeState& b) {
                  return a.used_at_ms != b.used_at_ms ? a.used_at_ms < b.used_at_ms
                                                      : a.name < b.name;
              });
    std::vector<std::string> names;
    for (const engines::VolumeState& volume : volumes) {
        if (bytes <= bytes_max) break;
        bytes -= volume.disk_bytes;
        names.push_back(volume.name);
    }
    return names;
}

Task<> keep_budget(engines::Engine& engine, std::uint64_t bytes_max) {
    const auto volumes = co_await engine.volumes();
    if (!volumes) co_return;
    const std::vector<std::string> names = over_budget(*volumes, bytes_max);
    for (const std::string& name : names) {
        const Result<> removed = co_await engine.remove_volume(name);
        if (removed) log::info("cache removed", {{"volume", name}});
    }
}

}  // namespace berth::builds

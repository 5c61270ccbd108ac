#pragma once
/// The mounts of a run, made in the launcher's namespace where the runtime picks them up.

#include <string>
#include <vector>

#include "engines/protocol.hpp"

namespace berth::engines {

/// One Mount with its volumes found: where their files are.
struct MountPlan {
    struct Layer {
        std::string data{};
        std::vector<std::string> segments{};
    };
    std::string point{};
    std::string target{};
    std::vector<Layer> lower{};
    std::optional<Layer> upper{};
    std::string work{};  // a folder of upper's disk that no run sees
};

/// Mounts all; the caller unmounts what there is when one fails. `owner` is who writes.
/// Errors: not_found — a directory inside a volume is not there, or is a link.
Result<> mount_all(const std::vector<MountPlan>& plans, std::uint32_t owner);

}  // namespace berth::engines

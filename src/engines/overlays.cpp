#include "engines/overlays.hpp"

#include <filesystem>

#include "base/crypto.hpp"
#include "engines/disk.hpp"

namespace berth::engines {
namespace {

Result<Fd> open_layer(const MountPlan::Layer& layer, const std::string& target) {
    Fd directory = open_beneath(layer.data, layer.segments);
    if (directory) return directory;
    return fail_as(Failure::not_found, "not_found", "/mounts",
                   "what {} shows is no directory of the volume", target);
}

Result<> mount_one(const MountPlan& plan, std::uint32_t owner) {
    std::vector<Fd> lower;
    for (const MountPlan::Layer& layer : plan.lower) {
        Result<Fd> opened = open_layer(layer, plan.target);
        if (!opened) return opened.error();
        lower.push_back(std::move(*opened));
    }
    if (!plan.upper) {
        if (lower.size() == 1) {
            bind_directory(lower.front(), plan.point, Access::read_only);
        } else {
            mount_overlay(lower, {}, {}, plan.point);
        }
        return {};
    }
    const Fd upper = make_beneath(plan.upper->data, plan.upper->segments, owner);
    if (!upper) {
        return fail_as(Failure::not_found, "not_found", "/mounts",
                       "{} cannot be written to: a link is in the way", plan.target);
    }
    if (lower.empty()) {
        bind_directory(upper, plan.point, Access::read_write);
        return {};
    }
    // A work folder is used once: a volatile overlay marks it as such.
    const std::string work_path = plan.work + "/" + random_word(12);
    std::filesystem::create_directory(work_path);
    const Fd work = open_beneath(work_path, {});
    mount_overlay(lower, upper, work, plan.point);
    return {};
}

}  // namespace

Result<> mount_all(const std::vector<MountPlan>& plans, std::uint32_t owner) {
    for (const MountPlan& plan : plans) {
        if (const Result<> mounted = mount_one(plan, owner); !mounted) return mounted.error();
    }
    return {};
}

}  // namespace berth::engines

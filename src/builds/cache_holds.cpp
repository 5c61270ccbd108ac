#include "builds/cache_holds.hpp"

#include "builds/caches.hpp"

namespace berth::builds {

CacheHolds::Hold CacheHolds::add(const std::shared_ptr<Names>& names, const std::string& name) {
    if (name.empty()) return {};
    const auto place = names->insert(name);
    return {nullptr, [names, place](void*) { names->erase(place); }};
}

CacheHolds::Hold CacheHolds::project(const std::string& id) {
    return add(projects_, id);
}

CacheHolds::Hold CacheHolds::volume(const std::string& name) {
    return add(volumes_, name);
}

bool CacheHolds::is_held(std::string_view volume) const {
    return volumes_->contains(volume) || projects_->contains(project_of_cache(volume));
}

}  // namespace berth::builds

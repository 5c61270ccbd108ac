#include "edge/host_table.hpp"

namespace berth::edge {

std::shared_ptr<const artifacts::Route> HostTable::find(std::string_view host) const {
    const auto found = routes_.find(host);
    return found == routes_.end() ? nullptr : found->second;
}

}  // namespace berth::edge

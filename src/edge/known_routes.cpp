#include "edge/known_routes.hpp"

#include "base/clock.hpp"

namespace berth::edge {

namespace {

constexpr std::size_t overhead_bytes = 512;  // of keeping one: nodes, the key, the record itself

std::size_t bytes_of(const artifacts::Route& route) {
    std::size_t bytes = sizeof route + route.host.capacity() + route.project.capacity() +
                        route.deployment.capacity();
    for (const std::string& link : route.revoked_links)
        bytes += sizeof(std::string) + link.capacity();
    for (const std::string& upstream : route.upstreams)
        bytes += sizeof(std::string) + upstream.capacity();
    for (const artifacts::PreviousDeployment& previous : route.previous)
        bytes += sizeof previous + previous.deployment.capacity();
    return bytes;
}

}  // namespace

KnownRoutes::Answer KnownRoutes::answer_of(const FoundRoute& found) {
    using enum Answer::Kind;
    if (found.route) return {route, found.route};
    return {found.unknown ? unknown : unavailable, nullptr};
}

KnownRoutes::Answer KnownRoutes::find(const HostTable& table, const std::string& host) {
    const std::shared_ptr<Known>* kept = shelf_.find(host);
    Known* known = kept == nullptr ? nullptr : kept->get();
    if (known != nullptr && known->version == table.version() &&
        (known->until_ms == 0 || steady_now_ms() < known->until_ms)) {
        return answer_of(known->found);
    }
    const std::optional<Place> place = table.find(host);
    if (!place) return {Answer::Kind::unknown, nullptr};
    if (known == nullptr || known->found.place != *place ||
        (known->until_ms != 0 && steady_now_ms() >= known->until_ms)) {
        return {};
    }
    known->version = table.version();
    return answer_of(known->found);
}

void KnownRoutes::remember(const std::string& host, const FoundRoute& found) {
    auto known = std::make_shared<Known>();
    known->found = found;
    if (!found.route || found.place.is_unsure()) known->until_ms = steady_now_ms() + unsure_ms;
    const std::size_t bytes =
        overhead_bytes + 2 * host.size() + (found.route ? bytes_of(*found.route) : 0);
    shelf_.put(host, std::move(known), bytes);
}

}  // namespace berth::edge

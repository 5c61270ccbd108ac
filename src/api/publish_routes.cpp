#include "api/publish_routes.hpp"

#include "deployments/route_publisher.hpp"

namespace berth::api {

Task<> publish_routes(Services& services) {
    constexpr std::chrono::milliseconds edges_limit{5'000};
    if (services.publisher == nullptr) co_return;
    co_await services.publisher->publish();
    co_await services.publisher->wait_for_edges(services.publisher->published(), edges_limit);
}

}  // namespace berth::api

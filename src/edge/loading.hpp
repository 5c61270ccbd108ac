#pragma once
/// What a request waits for: a route or a site that the publication's thread reads.

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "edge/publication.hpp"
#include "edge/request_path.hpp"

namespace berth::edge {

/// A route on its way to a loop; all who ask for its host meanwhile wait for the same.
struct RouteLoad {
    explicit RouteLoad(asio::io_context& io) : done(io, asio::steady_timer::time_point::max()) {}

    asio::steady_timer done;  // canceled when `found` is there
    bool is_done = false;
    FoundRoute found{};
};

/// Hosts of one loop whose routes are waited for at a time; one more is answered with 503.
inline constexpr std::size_t route_loads_max = 1'024;

}  // namespace berth::edge

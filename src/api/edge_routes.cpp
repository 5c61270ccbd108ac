/// What edges call: the hint that something changed. The truth is in the object store.

#include "api/body.hpp"
#include "api/routes.hpp"
#include "bus/bus.hpp"
#include "deployments/route_publisher.hpp"

namespace berth::api {
namespace {

struct EdgeBody {
    std::string edge{};           // edg_…, made at its start
    std::int64_t generation = 0;  // what it serves now
};
BOOST_DESCRIBE_STRUCT(EdgeBody, (), (edge, generation))

struct EdgeReply {
    std::int64_t generation = 0;  // what there is
};
BOOST_DESCRIBE_STRUCT(EdgeReply, (), (generation))

constexpr std::int64_t poll_ms = 25'000;

/// POST /api/v1/edge/wait {edge, generation}: answers when there is a newer one, or after 25 s.
/// The next call says that the edge serves it: deployments become ready on that word.
Task<Result<http::Response>> wait_for_routes(Services& services, Context& context) {
    const Result<EdgeBody> body = parse_body<EdgeBody>(context.request);
    if (!body) co_return body.error();
    const auto routes = services.bus->subscribe("routes");
    services.publisher->loaded(body->edge, body->generation);
    const std::int64_t deadline = steady_now_ms() + poll_ms;
    while (true) {  // ends with a newer generation, at the deadline, or with this api
        const std::int64_t left = deadline - steady_now_ms();
        const bool over = left <= 0 || (context.request.gone && context.request.gone());
        if (services.publisher->published() > body->generation || over) {
            const EdgeReply reply{services.publisher->published()};
            co_return http::json_response(200, reply);
        }
        const std::chrono::milliseconds pause(left);
        co_await routes->next(pause);
    }
}

constexpr Route table[] = {
    {http::Verb::post, "/api/v1/edge/wait", Policy::edge, wait_for_routes},
};

}  // namespace

std::span<const Route> edge_routes() {
    return table;
}

}  // namespace berth::api

#include "roles/edge_admin.hpp"

namespace berth::roles {
namespace {

using namespace std::chrono_literals;

constexpr const char* plain = "text/plain; charset=utf-8";

/// Waits at most a second for every loop's sign of life.
Task<http::Response> answer_livez(edge::Edge& edge) {
    const auto silent = edge.knock();
    for (int i = 0; i < 200 && *silent > 0; ++i)
        co_await sleep_for(5ms);
    if (*silent == 0) co_return http::text_response(200, plain, "ok\n");
    co_return http::text_response(503, plain,
                                  fmt::format("{} loops do not turn\n", silent->load()));
}

http::Response answer_readyz(const edge::Edge& edge) {
    if (edge.ready()) return http::text_response(200, plain, "ok\n");
    return http::text_response(503, plain, "not serving, or about to end\n");
}

Task<http::Response> answer_metrics(edge::Edge& edge, const EdgeReports& reports) {
    edge::EdgeNow now = edge.now();
    now.cache = co_await edge.cache_counts();
    reports.describe(now);
    co_return http::text_response(200, "text/plain; version=0.0.4; charset=utf-8",
                                  edge::metrics_text(now));
}

}  // namespace

Task<http::Response> answer_edge_admin(edge::Edge& edge, const EdgeReports& reports,
                                       const http::Request& request) {
    if (request.verb != http::Verb::get && request.verb != http::Verb::head) {
        http::Response refused = http::problem_response(405, "method_not_allowed", "GET alone");
        refused.headers.set("allow", "GET, HEAD");
        co_return refused;
    }
    http::Response response;
    if (request.path == "/livez") {
        response = co_await answer_livez(edge);
    } else if (request.path == "/readyz") {
        response = answer_readyz(edge);
    } else if (request.path == "/metrics") {
        response = co_await answer_metrics(edge, reports);
    } else {
        response = http::problem_response(404, "not_found", "/metrics, /livez and /readyz");
    }
    response.headers.set("cache-control", "no-store");
    co_return response;
}

}  // namespace berth::roles

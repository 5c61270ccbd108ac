// Looking at a repository before it becomes a project.
#include "api/body.hpp"
#include "api/repository.hpp"
#include "api/routes.hpp"
#include "base/within.hpp"

namespace berth::api {
namespace {

/// A little more than what looks there takes at most, so that its own words arrive.
constexpr std::chrono::milliseconds inspect_limit{27'000};

/// POST /api/v1/inspect {repo_url, branch?, root?, credential?}
///
/// 200:    Inspection
/// Errors: invalid; what the clone failed with (clone_not_found…); unavailable — no_worker;
///         timed_out
Task<Result<http::Response>> inspect(Services& services, Context& context) {
    const Result<RepositoryWish> body = parse_body<RepositoryWish>(context.request);
    if (!body) co_return body.error();
    const std::string user = context.caller.user.id;
    const Result<jobs::Source> source = co_await open_source(services, user, *body);
    if (!source) co_return source.error();
    if (!services.inspect) co_return fail(Failure::unavailable, "not ready yet");
    const Result<jobs::Inspection> seen = co_await within(inspect_limit, services.inspect(*source));
    if (!seen) co_return seen.error();
    co_return http::json_response(200, *seen);
}

const Route table[] = {
    {.verb = http::Verb::post,
     .pattern = "/api/v1/inspect",
     .policy = Policy::signed_in,
     .handler = inspect},
};

}  // namespace

std::span<const Route> inspect_routes() {
    return table;
}

}  // namespace berth::api

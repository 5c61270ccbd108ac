/// The previews of a project, and which of them are kept.

#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"
#include "deployments/deployments.hpp"

namespace berth::api {

struct KeepBody {
    std::string ref{};
    bool kept = false;
};
BOOST_DESCRIBE_STRUCT(KeepBody, (), (ref, kept))

namespace {

/// GET /api/v1/projects/{project}/previews → {items: [Preview], next: null}; the newest first, at
/// most 200
Task<Result<http::Response>> list_previews(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::vector<deployments::Preview> previews =
        co_await services.deployments->previews(project);
    boost::json::array items;
    for (const deployments::Preview& preview : previews)
        items.push_back(json::from(preview));
    co_return list_response(std::move(items), std::nullopt);
}

/// PUT /api/v1/projects/{project}/previews {ref, kept} → Preview
/// Errors: not_found — preview_not_found
Task<Result<http::Response>> keep_preview(Services& services, Context& context) {
    const Result<KeepBody> body = parse_body<KeepBody>(context.request);
    if (!body) co_return body.error();
    const std::string project = context.project.id;
    const std::string ref = body->ref;
    const bool kept = body->kept;
    const accounts::User actor = context.caller.user;
    const Result<deployments::Preview> preview =
        co_await services.deployments->keep_preview(project, ref, kept, actor);
    if (!preview) co_return preview.error();
    co_return http::json_response(200, *preview);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/previews", Policy::project_read, list_previews},
    {put, "/api/v1/projects/{project}/previews", Policy::project_deploy, keep_preview},
};

}  // namespace

std::span<const Route> preview_routes() {
    return table;
}

}  // namespace berth::api

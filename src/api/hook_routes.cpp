// The deploy hook of a project: an address that deploys it, for whoever knows it.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"
#include "projects/project_store.hpp"

namespace berth::api {

struct HookView {
    std::optional<std::string> url{};  // none until one is made
};
BOOST_DESCRIBE_STRUCT(HookView, (), (url))

struct HookReply {
    std::string deployment{};
};
BOOST_DESCRIBE_STRUCT(HookReply, (), (deployment))

namespace {

using accounts::Throttle;

constexpr Throttle::Limit wrong_secrets{.name = "address", .failures = 30, .window_ms = 60'000};
constexpr Throttle::Limit calls_of_project{.name = "project", .failures = 30, .window_ms = 60'000};

std::string url_of(const Config& config, const std::string& secret) {
    return config.platform_url + "/api/v1/hooks/deploy/" + secret;
}

/// GET /api/v1/projects/{project}/hook → {url | null}
Task<Result<http::Response>> show_hook(Services& services, Context& context) {
    const auto secret = co_await services.projects.hook(context.project.id);
    if (!secret) co_return secret.error();
    HookView view;
    if (*secret) view.url = url_of(services.config, **secret);
    co_return http::json_response(200, view);
}

/// POST /api/v1/projects/{project}/hook → 201 {url}: a new one; the old address stops working.
Task<Result<http::Response>> rotate_hook(Services& services, Context& context) {
    const std::string project = context.project.id;
    const projects::Actor actor{context.caller.user.id, context.caller.actor(),
                                context.caller.user.address, context.caller.token};
    const std::string secret = co_await services.projects.rotate_hook(project, actor);
    const HookView view{url_of(services.config, secret)};
    co_return http::json_response(201, view);
}

/// ?reuse=true. Errors: invalid — bad_parameter.
Result<bool> reuse_of(const http::Request& request) {
    const auto said = request.parameter("reuse");
    if (!said || *said == "false") return false;
    if (*said == "true") return true;
    return fail_as(Failure::invalid, "bad_parameter", "", "reuse: true or false");
}

/// POST /api/v1/hooks/deploy/{secret}?reuse=: builds, unless `reuse` is true and an earlier
/// deployment was of the same source, plan and variables.
///
/// 202:    {deployment}
/// Errors: not_found; limited; invalid — bad_parameter
Task<Result<http::Response>> deploy_by_hook(Services& services, Context& context) {
    Throttle& throttle = services.accounts.throttle;
    const std::vector<Throttle::Use> from{{"hook/" + context.request.peer, wrong_secrets}};
    const Result<> address_free = throttle.check(from.front().key, wrong_secrets);
    tell_limits(context.reply_headers, throttle, from);
    if (!address_free) co_return address_free.error();
    const std::string secret(context.at("secret"));
    const Result<projects::Project> project = co_await services.projects.project_of_hook(secret);
    if (!project) {
        throttle.count_failure(from.front().key, wrong_secrets);
        tell_limits(context.reply_headers, throttle, from);
        co_return project.error();
    }
    const std::vector<Throttle::Use> calls{{"hook/" + project->id, calls_of_project}};
    const Result<> project_free = throttle.take(calls);
    tell_limits(context.reply_headers, throttle, calls);
    if (!project_free) co_return project_free.error();
    const Result<bool> reuse = reuse_of(context.request);
    if (!reuse) co_return reuse.error();
    if (!services.create_deployment) co_return fail(Failure::unavailable, "not ready yet");
    const DeployWish wish{.project = project->id,
                          .ref = "",
                          .trigger = "hook",
                          .actor = "deploy hook",
                          .reuse = *reuse};
    const Result<std::string> deployment = co_await services.create_deployment(wish);
    if (!deployment) co_return deployment.error();
    const HookReply reply{*deployment};
    co_return http::json_response(202, reply);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/hook",
     .policy = Policy::project_write,
     .handler = show_hook},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/projects/{project}/hook",
     .policy = Policy::project_write,
     .handler = rotate_hook},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/hooks/deploy/{secret}",
     .policy = Policy::hook_secret,
     .handler = deploy_by_hook,
     .query = "reuse"},
};

}  // namespace

std::span<const Route> hook_routes() {
    return table;
}

}  // namespace berth::api

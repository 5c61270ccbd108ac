/// Status badges: made and removed by a project's admins, seen by whoever has the address.

#include "api/body.hpp"
#include "api/routes.hpp"
#include "base/crypto.hpp"
#include "deployments/badges.hpp"

namespace berth::api {

struct BadgeView {
    std::optional<std::string> url{};  // none: it is off
};
BOOST_DESCRIBE_STRUCT(BadgeView, (), (url))

namespace {

constexpr std::size_t branch_bytes_max = 255;
/// Proxies of Git hosts keep pictures for as long as this says.
constexpr const char* kept_for = "public, max-age=30, must-revalidate";

deployments::Badges badges_of(Services& services) {
    return deployments::Badges(services.database, services.now_ms);
}

std::string url_of(const Config& config, const std::string& key) {
    return config.platform_url + "/api/v1/badges/" + key;
}

/// GET /api/v1/projects/{project}/badge → {url | null}
Task<Result<http::Response>> show_badge(Services& services, Context& context) {
    deployments::Badges badges = badges_of(services);
    const std::string project = context.project.id;
    const std::optional<std::string> key = co_await badges.key_of(project);
    BadgeView view;
    if (key) view.url = url_of(services.config, *key);
    co_return http::json_response(200, view);
}

/// POST /api/v1/projects/{project}/badge → 201 {url}: a new one; the old address ends.
Task<Result<http::Response>> make_badge(Services& services, Context& context) {
    deployments::Badges badges = badges_of(services);
    const std::string project = context.project.id;
    const accounts::User actor = context.caller.user;
    const std::string key = co_await badges.turn_on(project, actor);
    const BadgeView view{url_of(services.config, key)};
    co_return http::json_response(201, view);
}

/// DELETE /api/v1/projects/{project}/badge
Task<Result<http::Response>> remove_badge(Services& services, Context& context) {
    deployments::Badges badges = badges_of(services);
    const std::string project = context.project.id;
    const accounts::User actor = context.caller.user;
    co_await badges.turn_off(project, actor);
    co_return http::Response{.status = 204};
}

/// GET /api/v1/badges/{key}?branch=: the picture. It says nothing of the project but its state.
/// Errors: not_found; invalid — bad_parameter
Task<Result<http::Response>> draw_badge(Services& services, Context& context) {
    const std::string branch = context.request.parameter("branch").value_or("");
    if (branch.size() > branch_bytes_max) {
        co_return fail_as(Failure::invalid, "bad_parameter", "", "branch: at most 255 bytes");
    }
    deployments::Badges badges = badges_of(services);
    const std::string key(context.at("key"));
    const auto state = co_await badges.state(key, branch);
    if (!state) co_return fail(Failure::not_found, "there is no such badge");
    http::Response response{.status = 200, .body = deployments::badge_svg(*state)};
    const std::string& svg = std::get<std::string>(response.body);
    const std::string tag = "\"" + sha256_hex(svg).substr(0, 16) + "\"";
    response.headers.set("etag", tag);
    response.headers.set("cache-control", kept_for);
    if (context.request.headers.get("if-none-match") == tag) {
        response.status = 304;
        response.body = std::string();
        co_return response;
    }
    response.headers.set("content-type", "image/svg+xml");
    co_return response;
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/badge", Policy::project_read, show_badge},
    {post, "/api/v1/projects/{project}/badge", Policy::project_write, make_badge},
    {del, "/api/v1/projects/{project}/badge", Policy::project_write, remove_badge},
    {get, "/api/v1/badges/{key}", Policy::everybody, draw_badge, "branch"},
};

}  // namespace

std::span<const Route> badge_routes() {
    return table;
}

}  // namespace berth::api

// Who is let in to a project's protected sites: share links, members' sign-ins, and everybody out.
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/publish_routes.hpp"
#include "api/routes.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"
#include "projects/visitor_store.hpp"
#include "visitors/access.hpp"
#include "visitors/return_path.hpp"

namespace berth::api {

struct ShareBody {
    std::optional<std::string> host{};        // none: production's
    std::optional<std::string> deployment{};  // its own host, instead of `host`
    std::int64_t expires_in_s = 7 * 24 * 3600;
};
BOOST_DESCRIBE_STRUCT(ShareBody, (), (host, deployment, expires_in_s))

struct ShareReply {
    std::string id{};
    std::string host{};
    std::string url{};  // the only time that it is shown
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(ShareReply, (), (id, host, url, expires_at_ms))

struct AccessCodeBody {
    std::string host{};
    std::string return_to = "/";
};
BOOST_DESCRIBE_STRUCT(AccessCodeBody, (), (host, return_to))

struct AccessCodeReply {
    std::string url{};
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(AccessCodeReply, (), (url, expires_at_ms))

namespace {

projects::Actor actor_of(const Context& context) {
    return {context.caller.user.id, context.caller.actor(), context.caller.user.address,
            context.caller.token};
}

std::string door_url(const Config& config, const std::string& host, const std::string& query) {
    return config.site_url(host) + std::string(visitors::door_path) + "?" + query;
}

std::string host_of(const Services& services, const Context& context, const ShareBody& body) {
    if (body.host) return *body.host;
    const std::string& base = services.config.base_host;
    const std::string& name = context.project.name;
    if (body.deployment) return deployments::deployment_host(name, *body.deployment, base);
    return deployments::production_host(name, base);
}

/// GET /api/v1/projects/{project}/share-links: those that work, newest first; without their tokens.
Task<Result<http::Response>> list_links(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::vector<projects::ShareLink> links = co_await services.visitors->links(project);
    co_return list_response(json::from(links).as_array(), std::nullopt);
}

/// POST /api/v1/projects/{project}/share-links {host?, deployment?, expires_in_s?}
///
/// 201:    {id, host, url, expires_at_ms}
/// Errors: not_found — host_not_found; invalid — out_of_range; conflict — too_many_share_links
Task<Result<http::Response>> add_link(Services& services, Context& context) {
    const Result<ShareBody> body = parse_body<ShareBody>(context.request);
    if (!body) co_return body.error();
    if (body->host && body->deployment) {
        co_return fail_as(Failure::invalid, "wrong_type", "/deployment",
                          "deployment: give this or host, not both");
    }
    constexpr std::int64_t seconds_max = projects::VisitorStore::link_lifetime_ms_max / 1000;
    const std::int64_t lifetime_ms =
        std::clamp<std::int64_t>(body->expires_in_s, 0, seconds_max + 1) * 1000;
    const std::string host = host_of(services, context, *body);
    const std::string project = context.project.id;
    const projects::Actor actor = actor_of(context);
    const Result<projects::AddedLink> added =
        co_await services.visitors->add_link(project, host, lifetime_ms, actor);
    if (!added) co_return added.error();
    const ShareReply reply{
        .id = added->link.id,
        .host = added->link.host,
        .url = door_url(services.config, host, "share=" + added->token + "&return=%2F"),
        .expires_at_ms = added->link.expires_at_ms};
    co_return http::json_response(201, reply);
}

/// DELETE /api/v1/projects/{project}/share-links/{id}: the passes that it gave end, too.
Task<Result<http::Response>> revoke_link(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string id(context.at("id"));
    const projects::Actor actor = actor_of(context);
    const Result<> revoked = co_await services.visitors->revoke_link(project, id, actor);
    if (!revoked) co_return revoked.error();
    co_await publish_routes(services);
    co_return http::empty_response(204);
}

/// POST /api/v1/projects/{project}/visitors/sign-out: every pass to the project's sites ends.
Task<Result<http::Response>> sign_visitors_out(Services& services, Context& context) {
    const std::string project = context.project.id;
    const projects::Actor actor = actor_of(context);
    co_await services.visitors->sign_everybody_out(project, actor);
    co_await publish_routes(services);
    co_return http::empty_response(204);
}

/// POST /api/v1/access-codes {host, return_to?} → 201 {url, expires_at_ms}: where the browser of a
/// person who is signed in here goes to be let in there. The code in it works once, for a minute.
/// Errors: not_found — host_not_found, also for a site of other people.
Task<Result<http::Response>> add_access_code(Services& services, Context& context) {
    const Result<AccessCodeBody> body = parse_body<AccessCodeBody>(context.request);
    if (!body) co_return body.error();
    if (context.caller.user.must_change_password) {
        co_return fail_as(Failure::forbidden, "password_must_change", "",
                          "choose a password of your own first");
    }
    const std::string host = body->host;
    const std::string user = context.caller.user.id;
    const std::optional<projects::GuardedHost> found = co_await services.visitors->find(host);
    std::optional<ProjectAccess> member;
    if (found) {
        const std::string project = found->project;
        member = co_await find_member_project(services.database, project, user);
    }
    if (!member) {
        co_return fail_as(Failure::not_found, "host_not_found", "/host",
                          "host: you may see no site at this address");
    }
    const Result<std::string> code = co_await services.visitors->add_code(host);
    if (!code) co_return code.error();
    const std::string back = http::percent_encode(visitors::return_path(body->return_to));
    const AccessCodeReply reply{
        .url = door_url(services.config, host, "code=" + *code + "&return=" + back),
        .expires_at_ms = services.now_ms() + projects::VisitorStore::code_lifetime_ms};
    co_return http::json_response(201, reply);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/projects/{project}/share-links",
     .policy = Policy::project_read,
     .handler = list_links},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/projects/{project}/share-links",
     .policy = Policy::project_deploy,
     .handler = add_link},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/projects/{project}/share-links/{id}",
     .policy = Policy::project_deploy,
     .handler = revoke_link},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/projects/{project}/visitors/sign-out",
     .policy = Policy::project_write,
     .handler = sign_visitors_out},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/access-codes",
     .policy = Policy::session,
     .handler = add_access_code},
};

}  // namespace

std::span<const Route> share_routes() {
    return table;
}

}  // namespace berth::api

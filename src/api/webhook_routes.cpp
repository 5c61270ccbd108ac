// The push webhook of a project, and the door at which Git hosts deliver.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/push_deliveries.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"

namespace berth::api {

/// Where a Git host asks for what.
struct WebhookHint {
    githosts::Provider provider{};
    std::string place{};         // "Settings → Webhooks → Add webhook"
    std::string secret_field{};  // "Secret"
    std::string events{};        // "Just the push event"
};
BOOST_DESCRIBE_STRUCT(WebhookHint, (), (provider, place, secret_field, events))

struct WebhookView {
    std::optional<std::string> url{};  // none until one is made
    std::optional<std::int64_t> created_at_ms{};
    std::int64_t refused = 0;
    std::optional<std::int64_t> refused_at_ms{};
};
BOOST_DESCRIBE_STRUCT(WebhookView, (), (url, created_at_ms, refused, refused_at_ms))

struct AddedWebhookView {
    std::string url{};
    std::string secret{};  // the only time that it is shown
    std::vector<WebhookHint> hints{};
};
BOOST_DESCRIBE_STRUCT(AddedWebhookView, (), (url, secret, hints))

namespace {

using accounts::Throttle;
using projects::Delivery;

constexpr Throttle::Limit wrong_hooks{.name = "address", .failures = 30, .window_ms = 60'000};
constexpr Throttle::Limit wrong_signatures{.name = "webhook", .failures = 30, .window_ms = 60'000};
constexpr Throttle::Limit new_deliveries{.name = "project", .failures = 240, .window_ms = 60'000};

std::vector<WebhookHint> hints() {
    using enum githosts::Provider;
    return {
        {github, "Settings → Webhooks → Add webhook; content type application/json", "Secret",
         "Just the push event"},
        {gitlab, "Settings → Webhooks → Add new webhook",
         "Signing token (before GitLab 19: Secret token)", "Push events"},
        {gitea, "Settings → Webhooks → Add webhook → Gitea or Forgejo; POST, application/json",
         "Secret", "Push events"},
        {bitbucket, "Repository settings → Webhooks → Add webhook", "Secret", "Repository push"},
        {bitbucket_server, "Repository settings → Webhooks → Create webhook", "Secret",
         "Repository: Push"},
    };
}

std::string url_of(const Config& config, const std::string& id) {
    return config.platform_url + "/api/v1/hooks/git/" + id;
}

projects::Actor actor_of(const Context& context) {
    return {context.caller.user.id, context.caller.actor(), context.caller.user.address,
            context.caller.token};
}

http::Response accepted(const std::vector<Delivery>& deliveries) {
    http::Response response = list_response(json::from(deliveries).as_array(), std::nullopt);
    response.status = 202;
    return response;
}

/// GET /api/v1/projects/{project}/webhook → {url | null, …}, without the secret
Task<Result<http::Response>> show_webhook(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::optional<projects::Webhook> found = co_await services.webhooks->find(project);
    WebhookView view;
    if (found) {
        view = {.url = url_of(services.config, found->id),
                .created_at_ms = found->created_at_ms,
                .refused = found->refused,
                .refused_at_ms = found->refused_at_ms};
    }
    co_return http::json_response(200, view);
}

/// POST /api/v1/projects/{project}/webhook → 201 {url, secret, hints}: a new secret; the old one
/// stops working, the address stays.
Task<Result<http::Response>> rotate_webhook(Services& services, Context& context) {
    const std::string project = context.project.id;
    const projects::Actor actor = actor_of(context);
    const projects::AddedWebhook added = co_await services.webhooks->rotate(project, actor);
    const AddedWebhookView view{url_of(services.config, added.webhook.id), added.secret, hints()};
    co_return http::json_response(201, view);
}

/// DELETE /api/v1/projects/{project}/webhook → 204. Errors: not_found.
Task<Result<http::Response>> remove_webhook(Services& services, Context& context) {
    const std::string project = context.project.id;
    const projects::Actor actor = actor_of(context);
    const Result<> removed = co_await services.webhooks->remove(project, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// GET /api/v1/projects/{project}/webhook/deliveries → {items: [Delivery], next}, newest first
Task<Result<http::Response>> list_deliveries(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string filter = "webhook_deliveries/" + project;
    const Result<Page> page = page_of(context.request, filter);
    if (!page) co_return page.error();
    std::vector<Delivery> found =
        co_await services.webhooks->deliveries(project, page->limit + 1, page->after);
    std::optional<std::string> next;
    if (std::cmp_greater(found.size(), page->limit)) {
        found.pop_back();
        next = cursor_after(filter, found.back().id);
    }
    co_return list_response(json::from(found).as_array(), next);
}

/// POST /api/v1/projects/{project}/webhook/deliveries/{delivery}/redeliver: the same push, judged
/// anew.
///
/// 202:    Delivery, a new one
/// Errors: not_found
Task<Result<http::Response>> redeliver(Services& services, Context& context) {
    const std::string project = context.project.id;
    const std::string id(context.at("delivery"));
    const std::string deployment = context.new_deployment;
    const projects::Actor actor = actor_of(context);
    Result<Delivery> added = co_await services.webhooks->repeat(project, id, deployment, actor);
    if (!added) co_return added.error();
    if (added->outcome == projects::Outcome::received) {
        const Delivery received = *added;
        added = co_await deploy_delivery(services, project, received);
    }
    co_return http::json_response(202, *added);
}

/// Counts what was refused for want of a right signature, and nothing else of it.
Task<> count_refused(Services& services, const Throttle::Use& use, std::string hook) {
    services.accounts.throttle.count_failure(use.key, use.limit);
    co_await services.webhooks->count_refused(hook);
}

/// POST /api/v1/hooks/git/{hook}: a delivery of a Git host. Wrong signatures are limited by webhook
/// and address: a host delivers for all of its projects from few addresses, and one webhook with a
/// wrong secret must not shut out the others.
///
/// 202:    {items: [Delivery], next: null}; one that came before: what became of it then
/// Errors: not_found; limited; those of take_delivery
Task<Result<http::Response>> deliver(Services& services, Context& context) {
    Throttle& throttle = services.accounts.throttle;
    const std::string hook(context.at("hook"));
    Result<projects::OpenWebhook> webhook = co_await services.webhooks->open(hook);
    if (!webhook) {
        const std::vector<Throttle::Use> from{{"webhook/" + context.request.peer, wrong_hooks}};
        const Result<> free = throttle.take(from);
        tell_limits(context.reply_headers, throttle, from);
        co_return free ? webhook.error() : free.error();
    }
    const std::string project = webhook->project.id;
    const std::vector<Throttle::Use> uses{
        {"webhook/" + hook + "/" + context.request.peer, wrong_signatures},
        {"webhook/" + project, new_deliveries}};
    const Result<> from_free = throttle.check(uses[0].key, wrong_signatures);
    tell_limits(context.reply_headers, throttle, uses);
    if (!from_free) co_return from_free.error();
    const std::vector<Throttle::Use> calls{uses[1]};
    if (const Result<> free = throttle.take(calls); !free) co_return free.error();
    const Result<projects::Recorded> taken =
        co_await take_delivery(services, context.request, std::move(*webhook));
    if (!taken || taken->replayed) throttle.give_back(calls);
    if (!taken && taken.error().failure == Failure::unauthenticated) {
        co_await count_refused(services, uses[0], hook);
    }
    tell_limits(context.reply_headers, throttle, uses);
    if (!taken) co_return taken.error();
    co_return accepted(taken->deliveries);
}

using enum http::Verb;

constexpr http::BodyPlan payload{.stream = true, .bytes_max = githosts::payload_bytes_max};

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/webhook", Policy::project_write, show_webhook},
    {post, "/api/v1/projects/{project}/webhook", Policy::project_write, rotate_webhook},
    {del, "/api/v1/projects/{project}/webhook", Policy::project_write, remove_webhook},
    {get, "/api/v1/projects/{project}/webhook/deliveries", Policy::project_read, list_deliveries,
     "limit cursor"},
    {post, "/api/v1/projects/{project}/webhook/deliveries/{delivery}/redeliver",
     Policy::project_deploy, redeliver},
    {post, "/api/v1/hooks/git/{hook}", Policy::hook_secret, deliver, "", payload},
};

}  // namespace

std::span<const Route> webhook_routes() {
    return table;
}

}  // namespace berth::api

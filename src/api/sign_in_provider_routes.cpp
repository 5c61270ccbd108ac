// The providers that people may sign in through, for owners of the instance.
#include "accounts/accounts.hpp"
#include "accounts/sign_in_providers.hpp"
#include "api/body.hpp"
#include "api/routes.hpp"

namespace berth::api {

/// What is left out has its default; the secret, when left out, stays.
struct ProviderBody {
    std::optional<std::string> id{};  // of a new one
    identity::ProviderKind kind = identity::ProviderKind::oidc;
    std::string name{};
    std::optional<std::string> issuer{};
    std::string client_id{};
    std::optional<std::string> client_secret{};
    std::optional<accounts::NewPeople> new_people{};
    std::optional<std::vector<std::string>> domains{};
    std::optional<bool> enabled{};
};
BOOST_DESCRIBE_STRUCT(ProviderBody, (),
                      (id, kind, name, issuer, client_id, client_secret, new_people, domains,
                       enabled))

namespace {

accounts::SignInProviders providers_of(Services& services) {
    return {services.database, services.sealer, services.now_ms};
}

accounts::ProviderSettings settings_of(const ProviderBody& body) {
    return {.kind = body.kind,
            .name = body.name,
            .issuer = body.issuer.value_or(""),
            .client_id = body.client_id,
            .client_secret = body.client_secret,
            .new_people = body.new_people.value_or(accounts::NewPeople::nobody),
            .domains = body.domains.value_or(std::vector<std::string>{}),
            .enabled = body.enabled.value_or(true)};
}

/// With where the provider is to send people back to: what it wants to be told.
http::Response provider_response(const Services& services, unsigned status,
                                 const accounts::SignInProvider& provider) {
    boost::json::object body = json::from(provider).as_object();
    body["redirect_url"] = services.config.platform_url + "/login/callback/" + provider.id;
    http::Response response =
        http::text_response(status, "application/json", boost::json::serialize(body));
    response.headers.set("etag", etag_of(provider.version));
    return response;
}

/// GET /api/v1/instance/sign-in-providers: by id; there are at most 20.
Task<Result<http::Response>> list_providers(Services& services, Context&) {
    const auto found = co_await providers_of(services).list();
    boost::json::array items;
    for (const accounts::SignInProvider& one : found) {
        boost::json::object item = json::from(one).as_object();
        item["redirect_url"] = services.config.platform_url + "/login/callback/" + one.id;
        items.push_back(std::move(item));
    }
    co_return list_response(std::move(items), std::nullopt);
}

/// POST /api/v1/instance/sign-in-providers → 201 SignInProvider
///
/// Errors: invalid — invalid_id, invalid_name, invalid_issuer, invalid_client, invalid_domain;
///         conflict — provider_taken, too_many_providers
Task<Result<http::Response>> add_provider(Services& services, Context& context) {
    const Result<ProviderBody> body = parse_body<ProviderBody>(context.request);
    if (!body) co_return body.error();
    if (!body->id) co_return missing_field("id");
    const accounts::ProviderSettings wanted = settings_of(*body);
    const accounts::AuditActor actor(context.caller.user);
    const auto added = co_await providers_of(services).add(*body->id, wanted, actor);
    if (!added) co_return added.error();
    co_return provider_response(services, 201, *added);
}

/// GET /api/v1/instance/sign-in-providers/{provider}
Task<Result<http::Response>> show_provider(Services& services, Context& context) {
    const std::string id(context.at("provider"));
    const auto found = co_await providers_of(services).find(id);
    if (!found) co_return found.error();
    co_return provider_response(services, 200, *found);
}

/// PUT /api/v1/instance/sign-in-providers/{provider}, with If-Match
///
/// Errors: as add_provider; not_found; precondition
Task<Result<http::Response>> change_provider(Services& services, Context& context) {
    const Result<ProviderBody> body = parse_body<ProviderBody>(context.request);
    if (!body) co_return body.error();
    const std::string id(context.at("provider"));
    if (body->id && *body->id != id) {
        co_return fail_as(Failure::invalid, "read_only", "/id",
                          "id: it stays, for it is in the address that the provider knows");
    }
    const auto stored = co_await providers_of(services).find(id);
    if (!stored) co_return stored.error();
    const Result<> same = check_if_match(context.request, stored->version);
    if (!same) co_return same.error();
    const accounts::ProviderSettings wanted = settings_of(*body);
    const accounts::AuditActor actor(context.caller.user);
    const auto changed = co_await providers_of(services).change(id, stored->version, wanted, actor);
    if (!changed) co_return changed.error();
    co_return provider_response(services, 200, *changed);
}

/// DELETE /api/v1/instance/sign-in-providers/{provider}: nobody signs in through it any more.
Task<Result<http::Response>> remove_provider(Services& services, Context& context) {
    const std::string id(context.at("provider"));
    const accounts::AuditActor actor(context.caller.user);
    const Result<> removed = co_await providers_of(services).remove(id, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 64 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/sign-in-providers",
     .policy = Policy::instance_owner,
     .handler = list_providers},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/instance/sign-in-providers",
     .policy = Policy::instance_owner,
     .handler = add_provider,
     .body = small},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/sign-in-providers/{provider}",
     .policy = Policy::instance_owner,
     .handler = show_provider},
    {.verb = http::Verb::put,
     .pattern = "/api/v1/instance/sign-in-providers/{provider}",
     .policy = Policy::instance_owner,
     .handler = change_provider,
     .body = small},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/instance/sign-in-providers/{provider}",
     .policy = Policy::instance_owner,
     .handler = remove_provider},
};

}  // namespace

std::span<const Route> sign_in_provider_routes() {
    return table;
}

}  // namespace berth::api

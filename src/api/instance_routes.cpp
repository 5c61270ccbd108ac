// The instance itself: is it well, what is it, how is it set.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/openapi.hpp"
#include "api/routes.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::api {

struct HealthReply {
    std::string status{};
    std::string version = BERTH_VERSION;
    std::string detail{};
};
BOOST_DESCRIBE_STRUCT(HealthReply, (), (status, version, detail))

struct VersionReply {
    std::string version = BERTH_VERSION;
    std::int64_t schema = 0;
};
BOOST_DESCRIBE_STRUCT(VersionReply, (), (version, schema))

struct SettingsReply {
    bool public_signup = false;
    std::string base_host{};
    std::string platform_url{};
};
BOOST_DESCRIBE_STRUCT(SettingsReply, (), (public_signup, base_host, platform_url))

namespace {

/// Asks what an answer to anything else needs.
Task<Result<>> find_out(Services& services) {
    const auto query = [](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select 1").value_or(0);
    };
    const std::int64_t one = co_await services.database.read(query);
    if (one != 1) co_return fail(Failure::unavailable, "the database does not answer");
    if (!services.ready) co_return Result<>{};
    co_return co_await services.ready();
}

/// GET /api/v1/instance/health, /readyz: 200 {status: "ready", version}, 503 before.
Task<Result<http::Response>> show_health(Services& services, Context&) {
    const Result<> ready = co_await find_out(services);
    HealthReply reply;
    reply.status = ready ? "ready" : "unavailable";
    if (!ready) reply.detail = ready.error().message;
    co_return http::json_response(ready ? 200 : 503, reply);
}

/// GET /livez: the loop turns.
Task<Result<http::Response>> show_life(Services&, Context&) {
    HealthReply reply;
    reply.status = "live";
    co_return http::json_response(200, reply);
}

/// GET /api/v1/instance/version
Task<Result<http::Response>> show_version(Services& services, Context&) {
    const auto query = [](soci::session& sql) {
        return db::value<std::int64_t>(sql, "select max(version) from schema_versions").value_or(0);
    };
    VersionReply reply;
    reply.schema = co_await services.database.read(query);
    co_return http::json_response(200, reply);
}

/// GET /api/v1/openapi.json
Task<Result<http::Response>> show_openapi(Services&, Context&) {
    co_return http::text_response(200, "application/json", std::string(openapi_text()));
}

SettingsReply settings_reply(const Services& services, const accounts::InstanceSettings& settings) {
    return {.public_signup = settings.public_signup,
            .base_host = services.config.base_host,
            .platform_url = services.config.platform_url};
}

/// GET /api/v1/instance/settings
Task<Result<http::Response>> show_settings(Services& services, Context&) {
    const accounts::InstanceSettings settings = co_await accounts::read_settings(services.database);
    co_return http::json_response(200, settings_reply(services, settings));
}

/// PATCH /api/v1/instance/settings {public_signup}; the rest is set by the command line.
Task<Result<http::Response>> change_settings(Services& services, Context& context) {
    const accounts::InstanceSettings stored = co_await accounts::read_settings(services.database);
    const SettingsReply wanted = settings_reply(services, stored);
    const Result<SettingsReply> checked = merge_body(wanted, context.request);
    if (!checked) co_return checked.error();
    if (checked->base_host != wanted.base_host || checked->platform_url != wanted.platform_url) {
        const bool base = checked->base_host != wanted.base_host;
        co_return fail_as(Failure::invalid, "read_only", base ? "/base_host" : "/platform_url",
                          "set by `berth serve`, not here");
    }
    const accounts::InstanceSettings next{.public_signup = checked->public_signup};
    co_await accounts::write_settings(services.database, next);
    const accounts::AuditActor actor(context.caller.user);
    const std::string change = json::text(next);
    co_await services.accounts.audit.note(actor, "settings_changed", change);
    co_return http::json_response(200, settings_reply(services, next));
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/health",
     .policy = Policy::everybody,
     .handler = show_health},
    {.verb = http::Verb::get,
     .pattern = "/livez",
     .policy = Policy::everybody,
     .handler = show_life},
    {.verb = http::Verb::get,
     .pattern = "/readyz",
     .policy = Policy::everybody,
     .handler = show_health},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/livez",
     .policy = Policy::everybody,
     .handler = show_life},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/readyz",
     .policy = Policy::everybody,
     .handler = show_health},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/version",
     .policy = Policy::everybody,
     .handler = show_version},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/openapi.json",
     .policy = Policy::everybody,
     .handler = show_openapi},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/settings",
     .policy = Policy::signed_in,
     .handler = show_settings},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/instance/settings",
     .policy = Policy::instance_owner,
     .handler = change_settings},
};

}  // namespace

std::span<const Route> instance_routes() {
    return table;
}

}  // namespace berth::api

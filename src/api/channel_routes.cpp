// Where a team hears of its deployments, and the instance's mail server.
#include "api/body.hpp"
#include "api/last_change.hpp"
#include "api/routes.hpp"
#include "notifications/channel_store.hpp"
#include "notifications/mail_settings.hpp"

namespace berth::api {

using notifications::Channel;
using notifications::ChannelConfig;
using notifications::ChannelKind;

struct ChannelDraft {
    std::optional<ChannelKind> kind{};
    std::string name{};
    std::optional<std::string> project{};  // id; none: all the team's
    std::optional<std::vector<notifications::Event>> events{};
    std::optional<ChannelConfig> config{};
};
BOOST_DESCRIBE_STRUCT(ChannelDraft, (), (kind, name, project, events, config))

/// What is not given stays.
struct ChannelChangeBody {
    std::optional<std::string> name{};
    std::optional<std::vector<notifications::Event>> events{};
    std::optional<bool> enabled{};
    std::optional<ChannelConfig> config{};
};
BOOST_DESCRIBE_STRUCT(ChannelChangeBody, (), (name, events, enabled, config))

struct AddedChannelView {
    Channel channel{};
    std::string secret{};  // of a webhook: the only time that it is shown
};
BOOST_DESCRIBE_STRUCT(AddedChannelView, (), (channel, secret))

/// The mail server as people may see it.
struct MailServerView {
    std::string host{};
    std::int64_t port = 0;
    notifications::MailSecurity security{};
    std::string username{};
    bool has_password = false;
    std::string from{};
};
BOOST_DESCRIBE_STRUCT(MailServerView, (), (host, port, security, username, has_password, from))

struct MailServerReply {
    std::optional<MailServerView> server{};
};
BOOST_DESCRIBE_STRUCT(MailServerReply, (), (server))

/// Without `password` the stored one stays, for the same host and user name.
struct MailServerBody {
    std::string host{};
    std::int64_t port = 587;
    notifications::MailSecurity security = notifications::MailSecurity::starttls;
    std::string username{};
    std::optional<std::string> password{};
    std::string from{};
};
BOOST_DESCRIBE_STRUCT(MailServerBody, (), (host, port, security, username, password, from))

namespace {

http::Response channel_response(const Channel& channel) {
    http::Response response = http::json_response(200, channel);
    response.headers.set("etag", etag_of(channel.version));
    return response;
}

/// GET /api/v1/teams/{team}/channels: oldest first.
Task<Result<http::Response>> list_channels(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::vector<Channel> channels = co_await services.channels->list(team);
    co_return list_response(json::from(channels).as_array(), std::nullopt);
}

/// POST /api/v1/teams/{team}/channels {kind, name, project?, events, config} → 201 {channel,
/// secret} Errors: invalid; not_found — project_not_found; conflict — too_many_channels
Task<Result<http::Response>> add_channel(Services& services, Context& context) {
    const Result<ChannelDraft> draft = parse_body<ChannelDraft>(context.request);
    if (!draft) co_return draft.error();
    if (!draft->kind) co_return missing_field("kind");
    if (!draft->events) co_return missing_field("events");
    notifications::NewChannel wanted{.team = context.team.id,
                                     .project = draft->project,
                                     .kind = *draft->kind,
                                     .name = draft->name,
                                     .events = *draft->events,
                                     .config = draft->config.value_or(ChannelConfig{})};
    const accounts::AuditActor actor(context.caller.user);
    const auto added = co_await services.channels->add(std::move(wanted), actor);
    if (!added) co_return added.error();
    const AddedChannelView view{added->channel, added->secret};
    http::Response response = http::json_response(201, view);
    response.headers.set("etag", etag_of(added->channel.version));
    co_return response;
}

/// GET /api/v1/teams/{team}/channels/{channel}, with ETag
Task<Result<http::Response>> show_channel(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const Result<Channel> found = co_await services.channels->find(team, id);
    if (!found) co_return found.error();
    co_return channel_response(*found);
}

/// PATCH /api/v1/teams/{team}/channels/{channel} {name?, events?, enabled?, config?}, If-Match
/// Errors: precondition — precondition_required (428), precondition_failed (412); invalid
Task<Result<http::Response>> change_channel(Services& services, Context& context) {
    const Result<ChannelChangeBody> body = parse_body<ChannelChangeBody>(context.request);
    if (!body) co_return body.error();
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const Result<Channel> found = co_await services.channels->find(team, id);
    if (!found) co_return found.error();
    const Result<> matches = check_if_match(context.request, found->version);
    if (!matches)
        co_return co_await with_last_change(services, matches.error(), id, "channel_changed");
    notifications::ChannelChange change{body->name, body->events, body->enabled, body->config};
    const accounts::AuditActor actor(context.caller.user);
    const std::int64_t version = found->version;
    const Result<Channel> changed =
        co_await services.channels->change(team, id, version, std::move(change), actor);
    if (!changed)
        co_return co_await with_last_change(services, changed.error(), id, "channel_changed");
    co_return channel_response(*changed);
}

/// DELETE /api/v1/teams/{team}/channels/{channel}
Task<Result<http::Response>> remove_channel(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const accounts::AuditActor actor(context.caller.user);
    const Result<> removed = co_await services.channels->remove(team, id, actor);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

/// POST /api/v1/teams/{team}/channels/{channel}/test → 202 Notification: it is sent at once; what
/// became of it stands in the list of notifications.
Task<Result<http::Response>> test_channel(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const std::string dashboard = services.config.platform_url;
    const Result<std::string> added = co_await services.channels->add_test(team, id, dashboard);
    if (!added) co_return added.error();
    const std::string notification = *added;
    const auto waiting = co_await services.channels->notification(notification);
    if (!waiting) co_return waiting.error();
    co_return http::json_response(202, *waiting);
}

/// GET /api/v1/teams/{team}/channels/{channel}/notifications: the last hundred, newest first.
Task<Result<http::Response>> list_notifications(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const auto found = co_await services.channels->notifications(team, id);
    if (!found) co_return found.error();
    co_return list_response(json::from(*found).as_array(), std::nullopt);
}

/// POST /api/v1/teams/{team}/channels/{channel}/notifications/{notification}/redeliver
/// → 202 Notification
Task<Result<http::Response>> redeliver(Services& services, Context& context) {
    const std::string team = context.team.id;
    const std::string id(context.at("channel"));
    const std::string notification(context.at("notification"));
    const auto again = co_await services.channels->redeliver(team, id, notification);
    if (!again) co_return again.error();
    co_return http::json_response(202, *again);
}

MailServerReply reply_of(const std::optional<notifications::MailServer>& server) {
    if (!server) return {};
    return {MailServerView{server->host, server->port, server->security, server->username,
                           !server->password.empty(), server->from}};
}

/// GET /api/v1/instance/mail → {server}; null: none is set.
Task<Result<http::Response>> show_mail(Services& services, Context&) {
    const auto server = co_await notifications::mail_server(services.database, services.sealer);
    if (!server) co_return server.error();
    co_return http::json_response(200, reply_of(*server));
}

/// PUT /api/v1/instance/mail {host, port, security, username, password?, from} → {server}
/// Errors: invalid
Task<Result<http::Response>> set_mail(Services& services, Context& context) {
    const Result<MailServerBody> body = parse_body<MailServerBody>(context.request);
    if (!body) co_return body.error();
    const auto stored = co_await notifications::mail_server(services.database, services.sealer);
    notifications::MailServer server{.host = body->host,
                                     .port = body->port,
                                     .security = body->security,
                                     .username = body->username,
                                     .password = body->password.value_or(""),
                                     .from = body->from};
    // A password goes to no other server than the one that it was given for.
    const bool same = stored && *stored && (**stored).host == server.host &&
                      (**stored).username == server.username;
    if (!body->password && same) server.password = (**stored).password;
    const Result<> fits = notifications::check(server);
    if (!fits) co_return fits.error();
    const std::optional<notifications::MailServer> next = server;
    const accounts::AuditActor actor(context.caller.user);
    const std::int64_t now = services.now_ms();
    co_await notifications::set_mail_server(services.database, services.sealer, next, actor, now);
    co_return http::json_response(200, reply_of(next));
}

/// DELETE /api/v1/instance/mail: no more mail is sent.
Task<Result<http::Response>> remove_mail(Services& services, Context& context) {
    const std::optional<notifications::MailServer> none;
    const accounts::AuditActor actor(context.caller.user);
    const std::int64_t now = services.now_ms();
    co_await notifications::set_mail_server(services.database, services.sealer, none, actor, now);
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/channels",
     .policy = Policy::team_manage,
     .handler = list_channels},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/channels",
     .policy = Policy::team_manage,
     .handler = add_channel},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/channels/{channel}",
     .policy = Policy::team_manage,
     .handler = show_channel},
    {.verb = http::Verb::patch,
     .pattern = "/api/v1/teams/{team}/channels/{channel}",
     .policy = Policy::team_manage,
     .handler = change_channel},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/teams/{team}/channels/{channel}",
     .policy = Policy::team_manage,
     .handler = remove_channel},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/channels/{channel}/test",
     .policy = Policy::team_manage,
     .handler = test_channel},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/teams/{team}/channels/{channel}/notifications",
     .policy = Policy::team_manage,
     .handler = list_notifications},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/teams/{team}/channels/{channel}/notifications/{notification}/redeliver",
     .policy = Policy::team_manage,
     .handler = redeliver},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/instance/mail",
     .policy = Policy::instance_owner,
     .handler = show_mail},
    {.verb = http::Verb::put,
     .pattern = "/api/v1/instance/mail",
     .policy = Policy::instance_owner,
     .handler = set_mail},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/instance/mail",
     .policy = Policy::instance_owner,
     .handler = remove_mail},
};

}  // namespace

std::span<const Route> channel_routes() {
    return table;
}

}  // namespace berth::api

/// GET /api/v1/events: what happens in the caller's projects, as WebSocket or event stream.

#include "accounts/project_roles.hpp"
#include "api/routes.hpp"
#include "api/welcome.hpp"
#include "bus/bus.hpp"
#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

constexpr auto heartbeat = 15s;

/// Whether an event is about a project of the listener.
Task<bool> may_see(Services& services, const Caller& listener, const bus::Event& event) {
    const bool deployment = event.topic == "deployments";
    if (event.id.empty()) co_return true;  // "look again", about nothing in particular
    const auto look = [&](soci::session& sql) {
        std::optional<std::string> project = event.id;
        if (deployment) {
            project = db::value<std::string>(sql, "select project from deployments where id = :id",
                                             event.id);
        }
        if (!project || listener.is_bound_elsewhere(*project)) return false;
        return accounts::role_in_project(sql, *project, listener.user.id).has_value();
    };
    co_return co_await services.database.read(look);
}

Task<std::optional<std::string>> next_event(Services& services, const Caller& listener,
                                            bus::Subscription& from) {
    const std::optional<bus::Event> event = co_await from.next(heartbeat);
    if (!event) co_return "";
    const bool mine = co_await may_see(services, listener, *event);
    if (!mine) co_return std::nullopt;
    co_return json::text(*event);
}

Task<> write_stream(Services& services, Caller listener, http::BodySink& sink) {
    const auto events = services.bus->subscribe_any({"deployments", "projects"});
    Welcome welcome(services, listener, "");
    while (true) {  // ends when the reader goes away, or may listen no longer
        const auto text = co_await next_event(services, listener, *events);
        const bool may_go_on = co_await welcome.holds();
        if (!may_go_on) co_return;
        if (!text) continue;
        const std::string piece =
            text->empty() ? ": still here\n\n" : "event: change\ndata: " + *text + "\n\n";
        const bool written = co_await sink.write(piece);
        if (!written) co_return;
    }
}

Task<> send_events(Services& services, const Caller& listener, http::WebSocket& socket) {
    const auto events = services.bus->subscribe_any({"deployments", "projects"});
    Welcome welcome(services, listener, "");
    while (true) {  // ends when the reader goes away, or may listen no longer
        const auto text = co_await next_event(services, listener, *events);
        const bool may_go_on = co_await welcome.holds();
        if (!may_go_on) co_return;
        if (!text || text->empty()) continue;
        const bool sent = co_await socket.send_text(*text);
        if (!sent) co_return;
    }
}

Task<> read_until_closed(http::WebSocket& socket) {
    while (true) {  // ends when the reader goes away; what it says does not matter
        const auto message = co_await socket.read();
        if (!message) co_return;
    }
}

Task<> converse(Services& services, Caller listener, http::WebSocket& socket) {
    const auto here = co_await asio::this_coro::executor;
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(here, read_until_closed(socket), asio::deferred),
        asio::co_spawn(here, send_events(services, listener, socket), asio::deferred));
    co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
}

Task<Result<http::Response>> events(Services& services, Context& context) {
    const Caller listener = context.caller;
    Services* const all = &services;
    http::Response response;
    if (!context.request.headers.get("upgrade").empty()) {
        response.status = 101;
        response.body = http::SocketBody(
            [all, listener](http::WebSocket& socket) { return converse(*all, listener, socket); });
        co_return response;
    }
    response.headers.set("content-type", "text/event-stream");
    response.headers.set("x-accel-buffering", "no");
    response.body = http::StreamBody(
        [all, listener](http::BodySink& sink) { return write_stream(*all, listener, sink); });
    co_return response;
}

constexpr Route table[] = {
    {http::Verb::get, "/api/v1/events", Policy::signed_in, events},
};

}  // namespace

std::span<const Route> event_routes() {
    return table;
}

}  // namespace berth::api

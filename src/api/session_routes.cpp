// The browser sessions of the person who asks.
#include "accounts/accounts.hpp"
#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/routes.hpp"

namespace berth::api {

struct SessionItem {
    std::string id{};
    std::int64_t created_at_ms = 0;
    std::int64_t last_seen_ms = 0;
    std::string user_agent{};
    std::string address{};
    bool current = false;
};
BOOST_DESCRIBE_STRUCT(SessionItem, (),
                      (id, created_at_ms, last_seen_ms, user_agent, address, current))

namespace {

/// GET /api/v1/sessions: newest first; there are at most 100.
Task<Result<http::Response>> list_sessions(Services& services, Context& context) {
    const Result<Page> page = page_of(context.request, "sessions");
    if (!page) co_return page.error();
    const std::string user = context.caller.user.id;
    const auto sessions = co_await services.accounts.sessions.list(user);
    boost::json::array items;
    for (const accounts::SessionView& session : sessions) {
        items.push_back(json::from(SessionItem{.id = session.id,
                                               .created_at_ms = session.created_at_ms,
                                               .last_seen_ms = session.last_seen_ms,
                                               .user_agent = session.user_agent,
                                               .address = session.address,
                                               .current = session.id == context.caller.session}));
    }
    co_return page_response(items, Order::newest_first, *page, "sessions");
}

/// DELETE /api/v1/sessions/{id}: at once, whatever its access token says.
Task<Result<http::Response>> end_session(Services& services, Context& context) {
    const std::string user = context.caller.user.id;
    const std::string session(context.at("id"));
    const std::string address = context.request.peer;
    const Result<> revoked = co_await services.accounts.sessions.revoke(user, session, address);
    if (!revoked) co_return revoked.error();
    co_return http::empty_response(204);
}

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/sessions",
     .policy = Policy::signed_in,
     .handler = list_sessions,
     .query = "limit cursor"},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/sessions/{id}",
     .policy = Policy::signed_in,
     .handler = end_session},
};

}  // namespace

std::span<const Route> session_routes() {
    return table;
}

}  // namespace berth::api

#include "api/sign_in.hpp"

#include "accounts/accounts.hpp"
#include "api/cookies.hpp"

namespace berth::api {

Task<accounts::OpenedSession> open_session(Services& services, Context& context,
                                           accounts::User user, std::string how) {
    const std::string agent(context.request.headers.get("user-agent"));
    const std::string address = context.request.peer;
    accounts::OpenedSession session =
        co_await services.accounts.sessions.open(user, agent, address, how);
    set_session_cookies(context.reply_headers, context.request, session, services.now_ms());
    co_return session;
}

http::Response new_user_response(const accounts::OpenedSession& session) {
    boost::json::object body = json::from(session.user).as_object();
    body["access_token"] = session.access_token;
    body["expires_at_ms"] = session.access_expires_at_ms;
    return http::text_response(201, "application/json", boost::json::serialize(body));
}

}  // namespace berth::api

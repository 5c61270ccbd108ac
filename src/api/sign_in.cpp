#include "api/sign_in.hpp"

#include "accounts/accounts.hpp"
#include "api/cookies.hpp"

namespace berth::api {

struct SignedInReply {
    std::string access_token{};
    std::int64_t expires_at_ms = 0;
    accounts::User user{};
};
BOOST_DESCRIBE_STRUCT(SignedInReply, (), (access_token, expires_at_ms, user))

Task<accounts::OpenedSession> open_session(Services& services, Context& context,
                                           accounts::User user, std::string how) {
    const std::string agent(context.request.headers.get("user-agent"));
    const std::string address = context.request.peer;
    accounts::OpenedSession session =
        co_await services.accounts.sessions.open(user, agent, address, how);
    set_session_cookies(context.reply_headers, context.request, session, services.now_ms());
    co_return session;
}

http::Response signed_in_response(const accounts::OpenedSession& session) {
    const SignedInReply reply{.access_token = session.access_token,
                              .expires_at_ms = session.access_expires_at_ms,
                              .user = session.user};
    return http::json_response(200, reply);
}

http::Response new_user_response(const accounts::OpenedSession& session) {
    boost::json::object body = json::from(session.user).as_object();
    body["access_token"] = session.access_token;
    body["expires_at_ms"] = session.access_expires_at_ms;
    return http::text_response(201, "application/json", boost::json::serialize(body));
}

}  // namespace berth::api

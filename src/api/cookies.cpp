#include "api/cookies.hpp"

#include "accounts/provider_logins.hpp"
#include "api/access.hpp"

namespace berth::api {
namespace {

void set_cookie(http::Headers& reply, const http::Request& request, std::string_view name,
                const std::string& value, std::int64_t seconds) {
    reply.add("set-cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}",
                                        cookie_name(name, request), value, seconds,
                                        request.secure ? "; Secure" : ""));
}

}  // namespace

void set_session_cookies(http::Headers& reply, const http::Request& request,
                         const accounts::OpenedSession& session, std::int64_t now_ms) {
    set_cookie(reply, request, "berth_access", session.access_token,
               (session.access_expires_at_ms - now_ms) / 1000);
    set_cookie(reply, request, "berth_refresh", session.refresh_token,
               (session.expires_at_ms - now_ms) / 1000);
}

void clear_session_cookies(http::Headers& reply, const http::Request& request) {
    set_cookie(reply, request, "berth_access", "", 0);
    set_cookie(reply, request, "berth_refresh", "", 0);
}

void set_provider_cookie(http::Headers& reply, const http::Request& request,
                         const std::string& secret) {
    set_cookie(reply, request, "berth_provider", secret,
               accounts::ProviderLogins::lifetime_ms / 1000);
}

void clear_provider_cookie(http::Headers& reply, const http::Request& request) {
    set_cookie(reply, request, "berth_provider", "", 0);
}

std::string provider_cookie(const http::Request& request) {
    return request.cookie(cookie_name("berth_provider", request)).value_or("");
}

}  // namespace berth::api

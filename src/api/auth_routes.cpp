// Set-up, sign-in, sign-out and passwords of the person who asks.
#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/cookies.hpp"
#include "api/password_again.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"
#include "api/sign_in.hpp"

namespace berth::api {

struct SetupBody {
    std::string code{};
    std::string email{};
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(SetupBody, (), (code, email, password))

struct SignUpBody {
    std::string email{};
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(SignUpBody, (), (email, password))

struct LoginBody {
    std::string email{};
    std::string password{};
    std::optional<std::string> code{};  // of an authenticator app, or a recovery code
};
BOOST_DESCRIBE_STRUCT(LoginBody, (), (email, password, code))

struct PasswordBody {
    std::string current{};
    std::string new_password{};
};

struct SessionId {
    std::string id{};
};
BOOST_DESCRIBE_STRUCT(SessionId, (), (id))

struct SessionReply {
    accounts::User user{};
    std::optional<SessionId> session{};  // none with an API token
    std::vector<accounts::Membership> teams{};
    bool has_password = true;  // else they came through a provider, and were never asked for one
};
BOOST_DESCRIBE_STRUCT(SessionReply, (), (user, session, teams, has_password))

namespace {

/// How somebody signed in, for the audit log.
std::string how_word(accounts::Factor factor) {
    if (factor == accounts::Factor::totp) return "by password and authenticator app";
    return factor == accounts::Factor::none ? "by password" : "by password and recovery code";
}

/// GET /api/v1/setup → {needed, public_signup}: what the first page needs to know.
Task<Result<http::Response>> show_setup(Services& services, Context&) {
    const bool needed = co_await services.accounts.users.is_empty();
    const accounts::InstanceSettings settings = co_await accounts::read_settings(services.database);
    const boost::json::object body{{"needed", needed}, {"public_signup", settings.public_signup}};
    co_return http::text_response(200, "application/json", boost::json::serialize(body));
}

/// POST /api/v1/setup
///
/// Body:   {code, email, password}
/// 201:    User, signed in
/// Errors: forbidden — wrong_code; conflict — already_set_up; invalid; limited
Task<Result<http::Response>> set_up(Services& services, Context& context) {
    const Result<SetupBody> body = parse_body<SetupBody>(context.request);
    if (!body) co_return body.error();
    const std::string address = context.request.peer;
    const Result<accounts::User> user =
        co_await services.accounts.set_up(body->code, body->email, body->password, address);
    tell_limits(context.reply_headers, services.accounts.throttle,
                accounts::Accounts::set_up_limits(address));
    if (!user) co_return user.error();
    const accounts::OpenedSession session = co_await open_session(services, context, *user);
    co_return new_user_response(session);
}

/// POST /api/v1/auth/login
///
/// Body:   {email, password, code?}
/// 200:    {access_token, expires_at_ms, user} and cookies
/// Errors: unauthenticated — wrong_password, second_factor_needed and wrong_code at /code; limited
/// — too_many_attempts, busy
Task<Result<http::Response>> login(Services& services, Context& context) {
    const Result<LoginBody> body = parse_body<LoginBody>(context.request);
    if (!body) co_return body.error();
    const std::string address = context.request.peer;
    Result<accounts::User> user =
        co_await services.accounts.sign_in(body->email, body->password, address);
    tell_limits(context.reply_headers, services.accounts.throttle,
                accounts::Accounts::sign_in_limits(body->email, address));
    if (!user) co_return user.error();
    user->address = address;
    const std::optional<std::string> code = body->code;
    const Result<accounts::Factor> factor = co_await services.accounts.check_factor(*user, code);
    if (!factor) co_return factor.error();
    const std::string how = how_word(*factor);
    const accounts::OpenedSession session = co_await open_session(services, context, *user, how);
    co_return signed_in_response(session);
}

/// POST /api/v1/auth/refresh, by the refresh cookie
///
/// 200:    {access_token, expires_at_ms, user} and new cookies
/// Errors: unauthenticated — session_ended; forbidden — origin_…
Task<Result<http::Response>> refresh(Services& services, Context& context) {
    const Result<> ours = require_origin(services.config, context.request);
    if (!ours) co_return ours.error();
    const auto cookie = context.request.cookie(cookie_name("berth_refresh", context.request));
    const std::string token = cookie.value_or("");
    const std::string address = context.request.peer;
    const auto session = co_await services.accounts.sessions.refresh(token, address);
    if (!session) {
        clear_session_cookies(context.reply_headers, context.request);
        co_return session.error();
    }
    set_session_cookies(context.reply_headers, context.request, *session, services.now_ms());
    co_return signed_in_response(*session);
}

/// POST /api/v1/auth/logout: ends the session of the cookies or the access token. Always 204.
Task<Result<http::Response>> logout(Services& services, Context& context) {
    const std::string address = context.request.peer;
    const bool bearer = context.request.headers.find("authorization") != nullptr;
    if (!bearer) {
        const Result<> ours = require_origin(services.config, context.request);
        if (!ours) co_return ours.error();
    }
    const auto cookie = context.request.cookie(cookie_name("berth_refresh", context.request));
    if (cookie && !bearer) {
        const std::string& token = *cookie;
        co_await services.accounts.sessions.close(token, address);
    }
    const Result<Caller> caller = co_await find_caller(services, context.request);
    if (caller && caller->kind == CallerKind::user) {
        const Result<> revoked =
            co_await services.accounts.sessions.revoke(caller->user.id, caller->session, address);
        (void)revoked;  // ended already: that is what was asked for
    }
    clear_session_cookies(context.reply_headers, context.request);
    co_return http::empty_response(204);
}

/// GET /api/v1/auth/session → {user, session: {id} | null, teams: [{id, slug, role}], has_password}
Task<Result<http::Response>> show_session(Services& services, Context& context) {
    SessionReply reply;
    reply.user = context.caller.user;
    if (context.caller.kind == CallerKind::user) reply.session = SessionId{context.caller.session};
    reply.teams = co_await services.accounts.users.memberships(reply.user.id);
    reply.has_password = co_await services.accounts.users.has_password(reply.user.id);
    co_return http::json_response(200, reply);
}

/// `new` is a word of C++: read by hand.
Result<PasswordBody> password_body(const http::Request& request) {
    const Result<json::value> parsed = json::parse(request.body);
    if (!parsed) return parsed.error();
    const auto fields = json::to<std::map<std::string, std::string>>(*parsed);
    if (!fields) return fields.error();
    PasswordBody body;
    for (const auto& [key, text] : *fields) {
        if (key != "current" && key != "new") {
            return fail_as(Failure::invalid, "unknown_field", "/" + key,
                           "'{}' is not a known field", key);
        }
        (key == "new" ? body.new_password : body.current) = text;
    }
    return body;
}

/// By their password; without one, by having signed in just now.
Task<Result<>> replace_password(Services& services, Context& context, std::string current,
                                std::string wanted) {
    const accounts::User user = context.caller.user;
    const bool has_one = co_await services.accounts.users.has_password(user.id);
    if (has_one) {
        co_return co_await services.accounts.users.change_password(user, current, wanted);
    }
    const Result<> fresh = co_await check_fresh_session(services, context);
    if (!fresh) co_return fresh.error();
    co_return co_await services.accounts.users.set_password(user, wanted);
}

/// POST /api/v1/auth/password {current, new}: ends the person's other sessions. Who has no password
/// chooses a first one; `current` is of no matter then.
///
/// Errors: forbidden — wrong_password at /current, sign_in_again; invalid at /new; limited
Task<Result<http::Response>> change_password(Services& services, Context& context) {
    const Result<PasswordBody> body = password_body(context.request);
    if (!body) co_return body.error();
    const accounts::User user = context.caller.user;
    const Result<> fits = accounts::check_new_password(body->new_password, "/new");
    if (!fits) co_return fits.error();
    constexpr accounts::Throttle::Limit limit{
        .name = "account", .failures = 10, .window_ms = 15 * 60'000};
    const std::vector<accounts::Throttle::Use> limits{{"password/" + user.id, limit}};
    accounts::Throttle& throttle = services.accounts.throttle;
    const Result<> free = throttle.take(limits);
    tell_limits(context.reply_headers, throttle, limits);
    if (!free) co_return free.error();
    const Result<> changed =
        co_await replace_password(services, context, body->current, body->new_password);
    if (!changed) co_return changed.error();
    throttle.give_back(limits);
    tell_limits(context.reply_headers, throttle, limits);
    co_await services.accounts.sessions.revoke_all(user.id, context.caller.session);
    co_return http::empty_response(204);
}

/// POST /api/v1/auth/signup {email, password}, while public sign-up is on
///
/// 201:    User, signed in
/// Errors: forbidden — signup_closed; conflict — email_taken; invalid; limited
Task<Result<http::Response>> sign_up(Services& services, Context& context) {
    const Result<SignUpBody> body = parse_body<SignUpBody>(context.request);
    if (!body) co_return body.error();
    const accounts::InstanceSettings settings = co_await accounts::read_settings(services.database);
    const bool empty = co_await services.accounts.users.is_empty();
    if (!settings.public_signup || empty) {
        co_return fail_as(Failure::forbidden, "signup_closed", "",
                          "this instance does not take sign-ups; ask its owner for an account");
    }
    constexpr accounts::Throttle::Limit limit{
        .name = "address", .failures = 10, .window_ms = 3'600'000};
    const std::vector<accounts::Throttle::Use> limits{{"signup/" + context.request.peer, limit}};
    const Result<> free = services.accounts.throttle.take(limits);
    tell_limits(context.reply_headers, services.accounts.throttle, limits);
    if (!free) co_return free.error();
    accounts::NewUser wanted;
    wanted.email = body->email;
    wanted.password = body->password;
    wanted.actor = {"sign-up", context.request.peer, ""};
    const Result<accounts::AddedUser> added = co_await services.accounts.users.add(wanted);
    if (!added) co_return added.error();
    const accounts::OpenedSession session = co_await open_session(services, context, added->user);
    co_return new_user_response(session);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/setup",
     .policy = Policy::everybody,
     .handler = show_setup},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/setup",
     .policy = Policy::everybody,
     .handler = set_up,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/login",
     .policy = Policy::everybody,
     .handler = login,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/refresh",
     .policy = Policy::everybody,
     .handler = refresh,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/logout",
     .policy = Policy::everybody,
     .handler = logout,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/signup",
     .policy = Policy::everybody,
     .handler = sign_up,
     .body = small},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/auth/session",
     .policy = Policy::signed_in,
     .handler = show_session},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/password",
     .policy = Policy::session,
     .handler = change_password,
     .body = small},
};

}  // namespace

std::span<const Route> auth_routes() {
    return table;
}

}  // namespace berth::api

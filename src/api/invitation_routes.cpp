// An invitation in the hands of whoever has its link: the secret in the path is the credential.
#include "accounts/accounts.hpp"
#include "api/access.hpp"
#include "api/body.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"
#include "api/sign_in.hpp"

namespace berth::api {

struct AcceptBody {
    std::optional<std::string> password{};  // makes an account; none: by who is signed in
};
BOOST_DESCRIBE_STRUCT(AcceptBody, (), (password))

namespace {

using accounts::Throttle;

constexpr Throttle::Limit wrong_secrets{.name = "address", .failures = 30, .window_ms = 60'000};

/// Counts wrong secrets by address, and only those: who has a right one is not slowed down.
class Guesses {
public:
    Guesses(Services& services, Context& context)
        : throttle_(services.accounts.throttle),
          reply_(context.reply_headers),
          uses_{{"invitation/" + context.request.peer, wrong_secrets}} {}

    /// Errors: limited — too_many_attempts.
    Result<> check() {
        const Result<> free = throttle_.check(uses_.front().key, wrong_secrets);
        tell_limits(reply_, throttle_, uses_);
        return free;
    }
    void note(const Error& error) {
        if (error.code != "invitation_not_found") return;
        throttle_.count_failure(uses_.front().key, wrong_secrets);
        tell_limits(reply_, throttle_, uses_);
    }

private:
    Throttle& throttle_;
    http::Headers& reply_;
    std::vector<Throttle::Use> uses_;
};

/// GET /api/v1/invitations/{secret} → {team, email, role, expires_at_ms, has_account}
///
/// Errors: not_found — invitation_not_found; conflict — invitation_expired, invitation_used,
///         invitation_revoked; limited
Task<Result<http::Response>> show_invitation(Services& services, Context& context) {
    Guesses guesses(services, context);
    const Result<> free = guesses.check();
    if (!free) co_return free.error();
    const std::string secret(context.at("secret"));
    const auto open = co_await services.accounts.invitations.look(secret);
    if (!open) {
        guesses.note(open.error());
        co_return open.error();
    }
    co_return http::json_response(200, *open);
}

/// Who accepts: a person in a session, or by a token that may do all they may.
/// Errors: unauthenticated; forbidden.
Task<Result<accounts::User>> accepting_person(Services& services, Context& context) {
    const http::Request& request = context.request;
    const Result<Caller> caller = co_await find_caller(services, request);
    if (!caller) co_return caller.error();
    if (!caller->is_person()) {
        co_return fail(Failure::unauthenticated, "sign in first, or choose a password");
    }
    if (request.headers.find("authorization") == nullptr) {
        const Result<> ours = require_origin(services.config, request);
        if (!ours) co_return ours.error();
    }
    const bool whole = caller->scope == accounts::TokenScope::admin && !caller->is_bound();
    if (caller->kind == CallerKind::token && !whole) {
        co_return fail(Failure::forbidden, "this token's scope does not allow it");
    }
    if (caller->user.must_change_password) {
        co_return fail_as(Failure::forbidden, "password_must_change", "",
                          "choose a password of your own first");
    }
    co_return caller->user;
}

/// POST /api/v1/invitations/{secret} {password?}
///
/// 200:    Team, of a person who is signed in
/// 201:    User, signed in: with `password` an account is made for the invitation's address
/// Errors: as show_invitation; unauthenticated; forbidden — other_address; conflict —
///         already_member, email_taken; invalid — the password
Task<Result<http::Response>> accept_invitation(Services& services, Context& context) {
    const Result<AcceptBody> body = parse_body<AcceptBody>(context.request);
    if (!body) co_return body.error();
    Guesses guesses(services, context);
    const Result<> free = guesses.check();
    if (!free) co_return free.error();
    const std::string secret(context.at("secret"));
    if (body->password) {
        const std::string password = *body->password;
        const std::string address = context.request.peer;
        const auto joined =
            co_await services.accounts.invitations.accept_as_new(secret, password, address);
        if (!joined) {
            guesses.note(joined.error());
            co_return joined.error();
        }
        const accounts::OpenedSession session =
            co_await open_session(services, context, joined->user);
        co_return new_user_response(session);
    }
    const Result<accounts::User> person = co_await accepting_person(services, context);
    if (!person) co_return person.error();
    const accounts::User& user = *person;
    const auto joined = co_await services.accounts.invitations.accept(secret, user);
    if (!joined) {
        guesses.note(joined.error());
        co_return joined.error();
    }
    co_return http::json_response(200, joined->team);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/invitations/{secret}",
     .policy = Policy::everybody,
     .handler = show_invitation},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/invitations/{secret}",
     .policy = Policy::everybody,
     .handler = accept_invitation,
     .body = small},
};

}  // namespace

std::span<const Route> invitation_routes() {
    return table;
}

}  // namespace berth::api

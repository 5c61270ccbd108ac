// Signing in through a provider, and which identities the person who asks has linked. The browser
// comes back to a page of the dashboard, which sends us what it was given: so no answer of ours
// redirects anybody, and the cookies can stay SameSite=Strict.
#include "accounts/accounts.hpp"
#include "accounts/identities.hpp"
#include "accounts/provider_logins.hpp"
#include "api/body.hpp"
#include "api/cookies.hpp"
#include "api/password_again.hpp"
#include "api/rate_limit.hpp"
#include "api/routes.hpp"
#include "api/sign_in.hpp"
#include "identity/identity_client.hpp"

namespace berth::api {

struct ProviderButton {
    std::string id{};
    identity::ProviderKind kind{};
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(ProviderButton, (), (id, kind, name))

struct ProviderPlace {
    std::string url{};
};
BOOST_DESCRIBE_STRUCT(ProviderPlace, (), (url))

/// What the provider sent the browser back with, and how to go on.
struct ReturnBody {
    std::string state{};
    std::optional<std::string> code{};           // none: asked for before
    std::optional<std::string> issuer{};         // the parameter `iss`
    std::optional<std::string> second_factor{};  // of an authenticator app, or a recovery code
    std::optional<std::string> invitation{};     // its secret: makes an account for its address
};
BOOST_DESCRIBE_STRUCT(ReturnBody, (), (state, code, issuer, second_factor, invitation))

struct LinkBody {
    std::string provider{};
    std::string password{};  // "": of who has none
};
BOOST_DESCRIBE_STRUCT(LinkBody, (), (provider, password))

struct LinkReturnBody {
    std::string provider{};
    std::string state{};
    std::string code{};
    std::optional<std::string> issuer{};
};
BOOST_DESCRIBE_STRUCT(LinkReturnBody, (), (provider, state, code, issuer))

namespace {

using accounts::Throttle;

constexpr Throttle::Limit per_address{.name = "address", .failures = 20, .window_ms = 60'000};
constexpr Throttle::Limit per_person{.name = "account", .failures = 20, .window_ms = 15 * 60'000};

accounts::SignInProviders providers_of(Services& services) {
    return {services.database, services.sealer, services.now_ms};
}
accounts::ProviderLogins logins_of(Services& services) {
    return {services.database, services.now_ms};
}
accounts::Identities identities_of(Services& services) {
    return {services.database, services.now_ms};
}

/// Counted whether or not it goes well. Errors: limited — too_many_attempts.
Result<> limit(Services& services, Context& context, const Throttle::Use& use) {
    const std::vector<Throttle::Use> limits{use};
    const Result<> free = services.accounts.throttle.take(limits);
    tell_limits(context.reply_headers, services.accounts.throttle, limits);
    return free;
}

/// The one place of this instance that a provider sends people back to.
std::string redirect_url(const Config& config, const std::string& provider) {
    return config.platform_url + "/login/callback/" + provider;
}

/// GET /api/v1/auth/providers → {items: [{id, kind, name}], next: null}
Task<Result<http::Response>> list_buttons(Services& services, Context&) {
    const auto found = co_await providers_of(services).list();
    boost::json::array items;
    for (const accounts::SignInProvider& one : found) {
        if (one.enabled) items.push_back(json::from(ProviderButton{one.id, one.kind, one.name}));
    }
    co_return list_response(std::move(items), std::nullopt);
}

/// Sends the browser on its way. `user`: who links; "": somebody signs in.
Task<Result<http::Response>> begin(Services& services, Context& context, std::string id,
                                   std::string user) {
    const Result<identity::Provider> provider = co_await providers_of(services).open(id);
    if (!provider) co_return provider.error();
    const auto begun = co_await logins_of(services).begin(id, user);
    if (!begun) co_return begun.error();
    const std::string back = redirect_url(services.config, id);
    const Result<std::string> url =
        co_await services.identities->authorization_url(*provider, back, begun->secrets);
    if (!url) co_return url.error();
    set_provider_cookie(context.reply_headers, context.request, begun->browser);
    co_return http::json_response(200, ProviderPlace{*url});
}

/// POST /api/v1/auth/providers/{provider}/begin → {url}: where to send the browser
///
/// Errors: not_found — provider_not_found; forbidden — provider_blocked; unavailable —
///         provider_unreachable, provider_answer; limited
Task<Result<http::Response>> begin_sign_in(Services& services, Context& context) {
    const Result<> free =
        limit(services, context, {"provider-begin/" + context.request.peer, per_address});
    if (!free) co_return free.error();
    const std::string id(context.at("provider"));
    const std::string nobody;
    co_return co_await begin(services, context, id, nobody);
}

/// Who came back, by a code of theirs that is used up by this.
Task<Result<identity::Identity>> identify(Services& services, const std::string& id,
                                          const accounts::ReturnedLogin& login,
                                          identity::AuthorizationAnswer answer) {
    const Result<identity::Provider> provider = co_await providers_of(services).open(id);
    if (!provider) co_return provider.error();
    const std::string back = redirect_url(services.config, id);
    co_return co_await services.identities->identify(*provider, back, login.secrets,
                                                     std::move(answer));
}

/// An account that is there, or one that is made by the provider's rules or an invitation.
Task<Result<accounts::KnownPerson>> person_of(Services& services, const std::string& id,
                                              const identity::Identity& identity,
                                              const std::optional<std::string>& invitation,
                                              const std::string& address) {
    accounts::Identities identities = identities_of(services);
    const auto known = co_await identities.find(identity, address);
    // Forbidden: it is known, and its person may not sign in.
    if (known || known.error().failure != Failure::unauthenticated) co_return known;
    const auto provider = co_await providers_of(services).find(id);
    if (!provider) co_return provider.error();
    const bool by_invitation = invitation && provider->new_people != accounts::NewPeople::nobody;
    if (by_invitation) {
        co_return co_await services.accounts.invitations.accept_by_identity(*invitation, identity,
                                                                            address);
    }
    co_return co_await identities.welcome(*provider, identity, address);
}

/// The person of a sign-in that came back, before a second factor is asked for.
Task<Result<accounts::KnownPerson>> returned_person(Services& services, Context& context,
                                                    const ReturnBody& body,
                                                    const accounts::ReturnedLogin& login) {
    const std::string address = context.request.peer;
    if (!login.identity.empty()) {
        co_return co_await identities_of(services).find_by_id(login.identity, address);
    }
    const std::string id(context.at("provider"));
    const identity::AuthorizationAnswer answer{.code = body.code.value_or(""),
                                               .issuer = body.issuer.value_or("")};
    const auto identity = co_await identify(services, id, login, answer);
    if (!identity) co_return identity.error();
    co_return co_await person_of(services, id, *identity, body.invitation, address);
}

Task<> note_failure(Services& services, Context& context, const Error& error) {
    const std::string detail =
        fmt::format("through {}: {}", identity::printable(context.at("provider"), 40), error.code);
    const accounts::AuditActor who("", context.request.peer, "");
    const std::string action = "sign_in_failed";
    co_await services.accounts.audit.note(who, action, detail);
}

std::string how_word(const std::string& provider, accounts::Factor factor) {
    if (factor == accounts::Factor::none) return "through " + provider;
    return "through " + provider +
           (factor == accounts::Factor::totp ? " and authenticator app" : " and recovery code");
}

/// POST /api/v1/auth/providers/{provider}/complete {state, code?, issuer?, second_factor?,
/// invitation?}, with the browser's cookie
///
/// 200:    as login, and cookies
/// Errors: unauthenticated — login_expired, provider_refused, id_token_refused, unknown_key,
///         second_factor_needed and wrong_code at /code: send it again with `second_factor`;
///         forbidden — identity_unknown, email_unverified, other_address, provider_blocked;
///         conflict — account_exists, email_taken, invitation_…; not_found — provider_not_found,
///         invitation_not_found; unavailable — provider_unreachable, provider_answer; limited
Task<Result<http::Response>> complete_sign_in(Services& services, Context& context) {
    const Result<ReturnBody> body = parse_body<ReturnBody>(context.request);
    if (!body) co_return body.error();
    const std::vector<Throttle::Use> limits{{"provider/" + context.request.peer, per_address}};
    Throttle& throttle = services.accounts.throttle;
    const Result<> free = throttle.take(limits);
    tell_limits(context.reply_headers, throttle, limits);
    if (!free) co_return free.error();
    const std::string id(context.at("provider"));
    const std::string nobody;
    const std::string browser = provider_cookie(context.request);
    accounts::ProviderLogins logins = logins_of(services);
    const auto login = co_await logins.take(id, nobody, body->state, browser);
    if (!login) co_return login.error();
    const auto person = co_await returned_person(services, context, *body, *login);
    if (!person) {
        co_await note_failure(services, context, person.error());
        co_return person.error();
    }
    const accounts::User user = person->user;
    const auto factor = co_await services.accounts.check_factor(user, body->second_factor);
    if (!factor) {
        co_await logins.keep(body->state, person->identity);
        co_return factor.error();
    }
    co_await logins.end(body->state);
    throttle.give_back(limits);
    co_await identities_of(services).note_use(person->identity);
    clear_provider_cookie(context.reply_headers, context.request);
    const std::string how = how_word(id, *factor);
    const accounts::OpenedSession session = co_await open_session(services, context, user, how);
    co_return signed_in_response(session);
}

/// GET /api/v1/auth/identities: newest first; there are at most 20.
Task<Result<http::Response>> list_identities(Services& services, Context& context) {
    const auto found = co_await identities_of(services).list(context.caller.user.id);
    boost::json::array items;
    for (const accounts::LinkedIdentity& one : found)
        items.push_back(json::from(one));
    co_return list_response(std::move(items), std::nullopt);
}

/// POST /api/v1/auth/identities {provider, password} → {url}: where to send the browser
///
/// Errors: as begin_sign_in; forbidden — wrong_password, sign_in_again
Task<Result<http::Response>> begin_link(Services& services, Context& context) {
    const Result<LinkBody> body = parse_body<LinkBody>(context.request);
    if (!body) co_return body.error();
    const Result<> again = co_await check_password_again(services, context, body->password);
    if (!again) co_return again.error();
    const accounts::User& user = context.caller.user;
    const Result<> free = limit(services, context, {"provider-link/" + user.id, per_person});
    if (!free) co_return free.error();
    co_return co_await begin(services, context, body->provider, user.id);
}

/// POST /api/v1/auth/identity-return {provider, state, code, issuer?} → 201 LinkedIdentity,
/// with the browser's cookie and by the person who began
///
/// Errors: as complete_sign_in; conflict — identity_taken, too_many_identities
Task<Result<http::Response>> complete_link(Services& services, Context& context) {
    const Result<LinkReturnBody> body = parse_body<LinkReturnBody>(context.request);
    if (!body) co_return body.error();
    const accounts::User user = context.caller.user;
    const Result<> free = limit(services, context, {"provider-link/" + user.id, per_person});
    if (!free) co_return free.error();
    const std::string browser = provider_cookie(context.request);
    accounts::ProviderLogins logins = logins_of(services);
    const auto login = co_await logins.take(body->provider, user.id, body->state, browser);
    if (!login) co_return login.error();
    co_await logins.end(body->state);
    const identity::AuthorizationAnswer answer{.code = body->code,
                                               .issuer = body->issuer.value_or("")};
    const auto identity = co_await identify(services, body->provider, *login, answer);
    if (!identity) co_return identity.error();
    const auto linked = co_await identities_of(services).link(user, *identity);
    if (!linked) co_return linked.error();
    clear_provider_cookie(context.reply_headers, context.request);
    co_return http::json_response(201, *linked);
}

/// DELETE /api/v1/auth/identities/{id}. Errors: not_found; conflict — last_way_in
Task<Result<http::Response>> unlink(Services& services, Context& context) {
    const std::string id(context.at("id"));
    const Result<> removed = co_await identities_of(services).unlink(context.caller.user, id);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/auth/providers",
     .policy = Policy::everybody,
     .handler = list_buttons},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/providers/{provider}/begin",
     .policy = Policy::everybody,
     .handler = begin_sign_in,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/providers/{provider}/complete",
     .policy = Policy::everybody,
     .handler = complete_sign_in,
     .body = small},
    {.verb = http::Verb::get,
     .pattern = "/api/v1/auth/identities",
     .policy = Policy::session,
     .handler = list_identities},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/identities",
     .policy = Policy::session,
     .handler = begin_link,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/identity-return",
     .policy = Policy::session,
     .handler = complete_link,
     .body = small},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/auth/identities/{id}",
     .policy = Policy::session,
     .handler = unlink},
};

}  // namespace

std::span<const Route> identity_routes() {
    return table;
}

}  // namespace berth::api

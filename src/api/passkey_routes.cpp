// Passkeys: those of the person who asks, and signing in with one.
#include "accounts/accounts.hpp"
#include "accounts/passkeys.hpp"
#include "api/body.hpp"
#include "api/password_again.hpp"
#include "api/routes.hpp"
#include "api/sign_in.hpp"
#include "http/normalise.hpp"

namespace berth::api {

struct PasskeyAskBody {
    std::string password{};
};
BOOST_DESCRIBE_STRUCT(PasskeyAskBody, (), (password))

/// All but the name is base64url, as browsers have it.
struct PasskeyBody {
    std::string name{};
    std::string client_data{};
    std::string authenticator_data{};
};
BOOST_DESCRIBE_STRUCT(PasskeyBody, (), (name, client_data, authenticator_data))

struct PasskeyLoginBody {
    std::string credential{};
    std::string client_data{};
    std::string authenticator_data{};
    std::string signature{};
};
BOOST_DESCRIBE_STRUCT(PasskeyLoginBody, (),
                      (credential, client_data, authenticator_data, signature))

struct PasskeyWish {
    std::string challenge{};
    std::string rp_id{};
    std::string user_id{};
    std::string user_name{};
    std::vector<std::string> exclude{};
};
BOOST_DESCRIBE_STRUCT(PasskeyWish, (), (challenge, rp_id, user_id, user_name, exclude))

struct PasskeyQuestion {
    std::string challenge{};
    std::string rp_id{};
};
BOOST_DESCRIBE_STRUCT(PasskeyQuestion, (), (challenge, rp_id))

namespace {

std::string host_of(std::string_view url) {
    const std::size_t begin = url.find("://");
    const std::string_view rest = begin == url.npos ? url : url.substr(begin + 3);
    return std::string(rest.substr(0, rest.find_first_of(":/")));
}

std::string origin_of(std::string_view url) {
    return std::string(url.substr(0, url.find('/', url.find("://") + 3)));
}

/// The name that passkeys of this instance are for: the platform's.
/// Errors: conflict — passkeys_need_name: it is reached by an address alone, or without TLS.
Result<accounts::RelyingParty> party_of(const Config& config) {
    const std::string host = host_of(config.platform_url);
    const bool local = host == "localhost" || host.ends_with(".localhost");
    const bool secure = local || config.platform_url.starts_with("https://");
    if (!secure || host.starts_with('[') || http::is_address_literal(host)) {
        return fail_as(Failure::conflict, "passkeys_need_name", "",
                       "browsers make passkeys only for a name over https: start `berth serve` "
                       "with --platform-url https://NAME");
    }
    accounts::RelyingParty party{.id = host, .origins = {origin_of(config.platform_url)}};
    for (const std::string& more : config.more_origins) {
        if (host_of(more) == host) party.origins.push_back(origin_of(more));
    }
    return party;
}

/// Errors: invalid — passkey_refused: not base64url.
Result<std::string> bytes_of(const std::string& text) {
    Result<std::string> bytes = from_base64url(text);
    if (!bytes) {
        return fail_as(Failure::invalid, "passkey_refused", "",
                       "the passkey was refused: not base64url");
    }
    return bytes;
}

/// GET /api/v1/auth/passkeys: newest first; there are at most 20.
Task<Result<http::Response>> list_passkeys(Services& services, Context& context) {
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const std::string user = context.caller.user.id;
    const auto found = co_await passkeys.list(user);
    boost::json::array items;
    for (const accounts::Passkey& passkey : found)
        items.push_back(json::from(passkey));
    co_return list_response(std::move(items), std::nullopt);
}

/// POST /api/v1/auth/passkey-options {password} → {challenge, rp_id, user_id, user_name, exclude}
///
/// Errors: conflict — passkeys_need_name; forbidden — wrong_password; limited
Task<Result<http::Response>> ask_new(Services& services, Context& context) {
    const Result<PasskeyAskBody> body = parse_body<PasskeyAskBody>(context.request);
    if (!body) co_return body.error();
    const Result<accounts::RelyingParty> party = party_of(services.config);
    if (!party) co_return party.error();
    const std::string password = body->password;
    const Result<> again = co_await check_password_again(services, context, password);
    if (!again) co_return again.error();
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const accounts::User user = context.caller.user;
    const Result<std::string> challenge = co_await passkeys.challenge(user.id);
    if (!challenge) co_return challenge.error();
    const auto known = co_await passkeys.credentials(user.id);
    PasskeyWish wish{.challenge = base64url(*challenge),
                     .rp_id = party->id,
                     .user_id = base64url(user.id),
                     .user_name = user.email};
    for (const std::string& credential : known)
        wish.exclude.push_back(base64url(credential));
    co_return http::json_response(200, wish);
}

/// POST /api/v1/auth/passkeys {name, client_data, authenticator_data} → 201 Passkey
///
/// Errors: invalid — invalid_name, passkey_refused; conflict — passkey_taken, too_many_passkeys,
///         passkeys_need_name
Task<Result<http::Response>> add_passkey(Services& services, Context& context) {
    const Result<PasskeyBody> body = parse_body<PasskeyBody>(context.request);
    if (!body) co_return body.error();
    const Result<accounts::RelyingParty> party = party_of(services.config);
    if (!party) co_return party.error();
    const Result<std::string> client_data = bytes_of(body->client_data);
    if (!client_data) co_return client_data.error();
    const Result<std::string> authenticator_data = bytes_of(body->authenticator_data);
    if (!authenticator_data) co_return authenticator_data.error();
    const accounts::PasskeyAnswer answer{.client_data = *client_data,
                                         .authenticator_data = *authenticator_data};
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const accounts::User user = context.caller.user;
    const std::string name = body->name;
    const auto added = co_await passkeys.add(user, name, *party, answer);
    if (!added) co_return added.error();
    co_return http::json_response(201, *added);
}

/// DELETE /api/v1/auth/passkeys/{id}
Task<Result<http::Response>> remove_passkey(Services& services, Context& context) {
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const accounts::User user = context.caller.user;
    const std::string id(context.at("id"));
    const Result<> removed = co_await passkeys.remove(user, id);
    if (!removed) co_return removed.error();
    co_return http::empty_response(204);
}

constexpr accounts::Throttle::Limit per_address{
    .name = "address", .failures = 20, .window_ms = 60'000};

/// POST /api/v1/auth/passkey-login/options → {challenge, rp_id}
///
/// Errors: conflict — passkeys_need_name; limited
Task<Result<http::Response>> ask_login(Services& services, Context& context) {
    const Result<accounts::RelyingParty> party = party_of(services.config);
    if (!party) co_return party.error();
    const Result<> free =
        services.accounts.throttle.take({{"passkey-options/" + context.request.peer, per_address}});
    if (!free) co_return free.error();
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const std::string nobody;
    const Result<std::string> challenge = co_await passkeys.challenge(nobody);
    if (!challenge) co_return challenge.error();
    const PasskeyQuestion question{.challenge = base64url(*challenge), .rp_id = party->id};
    co_return http::json_response(200, question);
}

Result<accounts::PasskeyAnswer> answer_of(const PasskeyLoginBody& body) {
    accounts::PasskeyAnswer answer;
    const std::pair<const std::string*, std::string*> texts[] = {
        {&body.credential, &answer.credential},
        {&body.client_data, &answer.client_data},
        {&body.authenticator_data, &answer.authenticator_data},
        {&body.signature, &answer.signature}};
    for (const auto& [text, bytes] : texts) {
        Result<std::string> decoded = bytes_of(*text);
        if (!decoded) return decoded.error();
        *bytes = std::move(*decoded);
    }
    return answer;
}

/// POST /api/v1/auth/passkey-login → 200 as login, and cookies
///
/// Errors: unauthenticated — passkey_refused; limited
Task<Result<http::Response>> login(Services& services, Context& context) {
    const Result<PasskeyLoginBody> body = parse_body<PasskeyLoginBody>(context.request);
    if (!body) co_return body.error();
    const Result<accounts::RelyingParty> party = party_of(services.config);
    if (!party) co_return party.error();
    const Result<accounts::PasskeyAnswer> answer = answer_of(*body);
    if (!answer) co_return answer.error();
    const std::string address = context.request.peer;
    const std::vector<accounts::Throttle::Use> limits{{"passkey/" + address, per_address}};
    const Result<> free = services.accounts.throttle.take(limits);
    if (!free) co_return free.error();
    accounts::Passkeys passkeys(services.database, services.now_ms);
    const Result<accounts::User> user = co_await passkeys.sign_in(*party, *answer, address);
    if (!user) co_return user.error();
    services.accounts.throttle.give_back(limits);
    const std::string how = "by passkey";
    const accounts::OpenedSession session = co_await open_session(services, context, *user, how);
    co_return signed_in_response(session);
}

constexpr http::BodyPlan small{.stream = false, .bytes_max = 16 << 10};

const Route table[] = {
    {.verb = http::Verb::get,
     .pattern = "/api/v1/auth/passkeys",
     .policy = Policy::session,
     .handler = list_passkeys},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/passkeys",
     .policy = Policy::session,
     .handler = add_passkey,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/passkey-options",
     .policy = Policy::session,
     .handler = ask_new,
     .body = small},
    {.verb = http::Verb::del,
     .pattern = "/api/v1/auth/passkeys/{id}",
     .policy = Policy::session,
     .handler = remove_passkey},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/passkey-login",
     .policy = Policy::everybody,
     .handler = login,
     .body = small},
    {.verb = http::Verb::post,
     .pattern = "/api/v1/auth/passkey-login/options",
     .policy = Policy::everybody,
     .handler = ask_login,
     .body = small},
};

}  // namespace

std::span<const Route> passkey_routes() {
    return table;
}

}  // namespace berth::api

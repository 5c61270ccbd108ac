#include "identity/identity_client.hpp"

#include "base/crypto.hpp"
#include "identity/github.hpp"
#include "identity/id_token.hpp"

namespace berth::identity {
namespace {

constexpr std::size_t code_bytes_max = 4096;
constexpr std::size_t said_bytes_max = 200;

/// "a=1&b=2", for a form's body or an address.
class Form {
public:
    Form& add(std::string_view name, std::string_view value) {
        text_ += (text_.empty() ? "" : "&") + std::string(name) + "=" + http::percent_encode(value);
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string_view host_of(std::string_view url) {
    const std::size_t begin = url.find("://");
    if (begin == url.npos) return url;
    url.remove_prefix(begin + 3);
    return url.substr(0, url.find_first_of("/?"));
}

Error unreachable(std::string_view url, const Error& why) {
    const std::string_view host = host_of(url);
    if (why.code == "address_blocked") {
        return fail_as(Failure::forbidden, "provider_blocked", "",
                       "{} is {}, which this Berth may not reach; its operator can allow it with "
                       "--allow-nets",
                       host, why.message);
    }
    return fail_as(Failure::unavailable, "provider_unreachable", "", "{}: {}", host, why.message);
}

Error odd_answer(std::string_view url, std::string_view what) {
    return fail_as(Failure::unavailable, "provider_answer", "", "{} {}", host_of(url), what);
}

std::string text_of(const json::value& from, std::string_view name) {
    const json::value* found = from.is_object() ? from.get_object().if_contains(name) : nullptr;
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

/// What OAuth says went wrong (RFC 6749 §5.2): words for programs, cut and cleaned.
Error not_taken(std::string_view url, const json::value& said) {
    const std::string why = printable(text_of(said, "error"), said_bytes_max);
    return fail_as(Failure::unauthenticated, "provider_refused", "",
                   "{} does not take the sign-in{}", host_of(url),
                   why.empty() ? "" : " (" + why + ")");
}

std::string challenge_of(const std::string& verifier) {
    return base64url(from_hex(sha256_hex(verifier)).value());
}

Endpoints github_endpoints(const std::string& issuer) {
    return {.authorization = issuer + "/login/oauth/authorize",
            .token = issuer + "/login/oauth/access_token",
            .authentication = ClientAuthentication::post};
}

/// An authorization endpoint may have a query of its own (RFC 6749 §3.1).
std::string with_query(const std::string& url, const std::string& query) {
    return url + (url.find('?') == url.npos ? "?" : "&") + query;
}

}  // namespace

IdentityClient::Published& IdentityClient::published(const std::string& issuer) {
    if (published_.size() >= issuers_max && !published_.contains(issuer)) published_.clear();
    return published_[issuer];
}

Task<Result<http::Reply>> IdentityClient::send(http::Call call) {
    call.limit = provider_call_limit;
    call.reply_bytes_max = provider_answer_bytes_max;
    call.headers.set("accept", "application/json");
    call.headers.set("user-agent", "berth");  // GitHub's API answers nobody without one
    const std::string url = call.url;
    Result<http::Reply> reply = co_await http_.send(std::move(call));
    if (!reply) co_return unreachable(url, reply.error());
    co_return reply;
}

Task<Result<json::value>> IdentityClient::get(const std::string& url, const std::string& token) {
    http::Call call{.url = url};
    if (!token.empty()) call.headers.set("authorization", "Bearer " + token);
    const Result<http::Reply> reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    if (reply->status != 200) {
        co_return odd_answer(url, fmt::format("answered {}", reply->status));
    }
    Result<json::value> body = json::parse(reply->body);
    if (!body) co_return odd_answer(url, "did not answer with JSON");
    co_return std::move(*body);
}

Task<Result<Endpoints>> IdentityClient::endpoints_of(const Provider& provider) {
    const std::string issuer = provider.issuer;
    if (provider.kind == ProviderKind::github) co_return github_endpoints(issuer);
    const std::int64_t now = now_ms_();
    const Published& known = published(issuer);
    if (known.endpoints_at_ms > 0 && now - known.endpoints_at_ms < published_ms) {
        co_return known.endpoints;
    }
    const std::string url = discovery_url(issuer);
    const std::string nobody;
    const Result<json::value> document = co_await get(url, nobody);
    if (!document) co_return document.error();
    const Result<Endpoints> endpoints = read_discovery(issuer, *document);
    if (!endpoints) co_return endpoints.error();
    Published& kept = published(issuer);
    if (kept.endpoints.keys != endpoints->keys) kept.keys_at_ms = 0;
    kept.endpoints = *endpoints;
    kept.endpoints_at_ms = now;
    co_return *endpoints;
}

Task<Result<KeySet>> IdentityClient::keys_of(const std::string& issuer, const Endpoints& endpoints,
                                             std::int64_t age_ms_max) {
    const std::int64_t now = now_ms_();
    const Published& known = published(issuer);
    if (known.keys_at_ms > 0 && now - known.keys_at_ms < age_ms_max) co_return known.keys;
    const std::string nobody;
    const Result<json::value> document = co_await get(endpoints.keys, nobody);
    if (!document) co_return document.error();
    Result<KeySet> keys = KeySet::parse(*document);
    if (!keys) co_return keys.error();
    Published& kept = published(issuer);
    kept.keys = *keys;
    kept.keys_at_ms = now;
    co_return std::move(*keys);
}

Task<Result<std::string>> IdentityClient::authorization_url(Provider provider,
                                                            std::string redirect_url,
                                                            SignInSecrets secrets) {
    const Result<Endpoints> endpoints = co_await endpoints_of(provider);
    if (!endpoints) co_return endpoints.error();
    const bool github = provider.kind == ProviderKind::github;
    Form query;
    query.add("response_type", "code")
        .add("client_id", provider.client_id)
        .add("redirect_uri", redirect_url)
        .add("scope", github ? "read:user user:email" : "openid email profile")
        .add("state", secrets.state)
        .add("code_challenge", challenge_of(secrets.verifier))
        .add("code_challenge_method", "S256");
    if (!github) query.add("nonce", secrets.nonce);
    co_return with_query(endpoints->authorization, query.text());
}

Task<Result<IdentityClient::Tokens>> IdentityClient::redeem(const Provider& provider,
                                                            const Endpoints& endpoints,
                                                            const std::string& redirect_url,
                                                            const SignInSecrets& secrets,
                                                            const std::string& code) {
    Form form;
    form.add("grant_type", "authorization_code")
        .add("code", code)
        .add("redirect_uri", redirect_url)
        .add("code_verifier", secrets.verifier);
    http::Call call{.verb = "POST", .url = endpoints.token};
    const bool is_public = provider.client_secret.empty();
    if (!is_public && endpoints.authentication == ClientAuthentication::basic) {
        const std::string pair = http::percent_encode(provider.client_id) + ":" +
                                 http::percent_encode(provider.client_secret);
        call.headers.set("authorization", "Basic " + base64(pair));
    } else {
        form.add("client_id", provider.client_id);
        if (!is_public) form.add("client_secret", provider.client_secret);
    }
    call.headers.set("content-type", "application/x-www-form-urlencoded");
    call.body = form.text();
    const Result<http::Reply> reply = co_await send(std::move(call));
    if (!reply) co_return reply.error();
    if (reply->status >= 500) {
        co_return odd_answer(endpoints.token, fmt::format("answered {}", reply->status));
    }
    const Result<json::value> body = json::parse(reply->body);
    // GitHub refuses with a 200.
    if (reply->status != 200 || !body || !text_of(*body, "error").empty()) {
        co_return not_taken(endpoints.token, body ? *body : json::value());
    }
    co_return Tokens{.access = text_of(*body, "access_token"), .id = text_of(*body, "id_token")};
}

/// What the ID token does not tell; who it is about stays what the token says.
Task<> IdentityClient::ask_email(const Endpoints& endpoints, const std::string& token,
                                 Identity& identity) {
    if (endpoints.user.empty() || token.empty()) co_return;
    const Result<json::value> user = co_await get(endpoints.user, token);
    // Without an address somebody known signs in all the same.
    if (!user || text_of(*user, "sub") != identity.subject) co_return;
    read_email(user->get_object(), identity);
}

Task<Result<Identity>> IdentityClient::identify_by_token(const Provider& provider,
                                                         const Endpoints& endpoints,
                                                         const std::string& nonce, Tokens tokens) {
    const std::string issuer = provider.issuer;
    const ExpectedToken expected{
        .issuer = issuer, .client_id = provider.client_id, .nonce = nonce, .now_ms = now_ms_()};
    const Result<KeySet> keys = co_await keys_of(issuer, endpoints, published_ms);
    if (!keys) co_return keys.error();
    Result<Identity> identity = check_id_token(tokens.id, *keys, expected);
    if (!identity && identity.error().code == "unknown_key") {
        // The provider may have changed its keys since.
        const Result<KeySet> newer = co_await keys_of(issuer, endpoints, fetched_again_ms);
        if (!newer) co_return newer.error();
        identity = check_id_token(tokens.id, *newer, expected);
    }
    if (identity && identity->email.empty()) {
        co_await ask_email(endpoints, tokens.access, *identity);
    }
    co_return identity;
}

Task<Result<Identity>> IdentityClient::identify_by_github(const Provider& provider,
                                                          std::string token) {
    const std::string api = github_api(provider.issuer);
    const std::string user_url = api + "/user";
    const Result<json::value> user = co_await get(user_url, token);
    if (!user) co_return user.error();
    Result<Identity> identity = read_github_user(provider.issuer, *user);
    if (!identity) co_return identity.error();
    const std::string emails_url = api + "/user/emails?per_page=100";
    const Result<json::value> emails = co_await get(emails_url, token);
    if (emails) read_github_emails(*emails, *identity);
    co_return identity;
}

Task<Result<Identity>> IdentityClient::identify(Provider provider, std::string redirect_url,
                                                SignInSecrets secrets, AuthorizationAnswer answer) {
    const Result<Endpoints> endpoints = co_await endpoints_of(provider);
    if (!endpoints) co_return endpoints.error();
    // An answer of another provider than the one that was asked (RFC 9207 §2.4).
    const bool must = endpoints->names_itself;
    const bool other = answer.issuer.empty() ? must : answer.issuer != provider.issuer;
    if (provider.kind != ProviderKind::github && other) {
        co_return fail_as(Failure::unauthenticated, "provider_refused", "",
                          "the answer is not of the provider that was asked");
    }
    if (answer.code.empty() || answer.code.size() > code_bytes_max) {
        co_return fail_as(Failure::unauthenticated, "provider_refused", "",
                          "the provider's answer has no code");
    }
    Result<Tokens> tokens =
        co_await redeem(provider, *endpoints, redirect_url, secrets, answer.code);
    if (!tokens) co_return tokens.error();
    if (provider.kind == ProviderKind::github) {
        co_return co_await identify_by_github(provider, tokens->access);
    }
    co_return co_await identify_by_token(provider, *endpoints, secrets.nonce, std::move(*tokens));
}

}  // namespace berth::identity

#include "githosts/signature.hpp"

#include <charconv>
#include <initializer_list>

#include "base/crypto.hpp"

namespace berth::githosts {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t signatures_max = 8;  // in one field: some while a secret is changed

Error missing(std::string_view field) {
    return fail_as(Failure::unauthenticated, "signature_missing", "",
                   "there is no {} field: set the webhook's secret at the Git host", field);
}

Error wrong() {
    return fail_as(Failure::unauthenticated, "wrong_signature", "",
                   "the signature was not made with this webhook's secret over this body");
}

/// One field "sha256=HEX" or "HEX"; there must be one at least, and all that are there must fit.
Result<Proof> check_hex(const http::Headers& headers, std::initializer_list<std::string_view> names,
                        std::string_view prefix, std::string_view body, std::string_view secret) {
    const std::string expected = std::string(prefix) + hex(hmac_sha256(secret, body));
    bool found = false;
    for (const std::string_view name : names) {
        const std::string* given = headers.find(name);
        if (given == nullptr) continue;
        if (!equal_secret(*given, expected)) return wrong();
        found = true;
    }
    if (!found) return missing(*names.begin());
    return Proof::signature;
}

/// The bytes behind "whsec_…", which is base64 with padding.
Result<std::string> key_of(std::string_view secret) {
    if (!secret.starts_with(secret_prefix)) return wrong();
    std::string text(secret.substr(secret_prefix.size()));
    while (text.ends_with('='))
        text.pop_back();
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return from_base64url(text);
}

/// Whole seconds of Unix time. Errors: unauthenticated — stale_delivery.
Result<> check_time(std::string_view text, std::int64_t now_ms) {
    std::int64_t seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool number = read.ec == std::errc{} && read.ptr == text.data() + text.size() &&
                        seconds >= 0 && seconds <= 100'000'000'000;
    const std::int64_t apart_ms = number ? seconds * 1000 - now_ms : 0;
    if (number && apart_ms <= skew_ms_max && apart_ms >= -skew_ms_max) return {};
    return fail_as(Failure::unauthenticated, "stale_delivery", "",
                   "webhook-timestamp is not a time within five minutes of ours: a replay, or a "
                   "clock that is wrong");
}

/// Source: standardwebhooks/spec, "Signature scheme".
Result<Proof> check_standard(const http::Headers& headers, std::string_view body,
                             std::string_view secret, std::int64_t now_ms) {
    const std::string* id = headers.find("webhook-id");
    const std::string* time = headers.find("webhook-timestamp");
    const std::string* signatures = headers.find("webhook-signature");
    if (id == nullptr || id->empty()) return missing("webhook-id");
    if (time == nullptr) return missing("webhook-timestamp");
    if (signatures == nullptr) return missing("webhook-signature");
    const Result<std::string> key = key_of(secret);
    if (!key) return key.error();
    std::string message = *id + "." + *time + ".";
    message += body;
    const std::string expected = "v1," + base64(hmac_sha256(*key, message));
    bool fits = false;
    std::string_view rest = *signatures;
    for (std::size_t count = 0; !rest.empty() && count < signatures_max; ++count) {
        const std::string_view one = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        fits = equal_secret(one, expected) || fits;
    }
    if (!fits) return wrong();
    // After the signature: only who has the secret learns what our clock says.
    if (const Result<> fresh = check_time(*time, now_ms); !fresh) return fresh.error();
    return Proof::signature_with_time;
}

Result<Proof> check_token(const http::Headers& headers, std::string_view secret) {
    const std::string* token = headers.find("x-gitlab-token");
    if (token == nullptr) return missing("webhook-signature or X-Gitlab-Token");
    if (!equal_secret(*token, secret)) {
        return fail_as(Failure::unauthenticated, "wrong_signature", "",
                       "X-Gitlab-Token is not this webhook's secret");
    }
    return Proof::token;
}

/// A host that signs is held to it: the token is not asked when there is any part of a signature.
Result<Proof> check_gitlab(const http::Headers& headers, std::string_view body,
                           std::string_view secret, std::int64_t now_ms) {
    const bool is_signed = headers.find("webhook-signature") != nullptr ||
                           headers.find("webhook-timestamp") != nullptr;
    return is_signed ? check_standard(headers, body, secret, now_ms) : check_token(headers, secret);
}

}  // namespace

std::string make_secret() {
    return std::string(secret_prefix) + base64(random_bytes(32));
}

Result<Proof> check_signature(Provider provider, const http::Headers& headers,
                              std::string_view body, std::string_view secret, std::int64_t now_ms) {
    if (secret.empty()) return wrong();
    switch (provider) {
        case Provider::github:
            return check_hex(headers, {"x-hub-signature-256"}, "sha256=", body, secret);
        case Provider::gitea:
            return check_hex(headers,
                             {"x-gitea-signature", "x-forgejo-signature", "x-gogs-signature"}, "",
                             body, secret);
        case Provider::bitbucket:
        case Provider::bitbucket_server:
            return check_hex(headers, {"x-hub-signature"}, "sha256=", body, secret);
        case Provider::gitlab:
            return check_gitlab(headers, body, secret, now_ms);
        case Provider::generic:
            return check_standard(headers, body, secret, now_ms);
    }
    return wrong();
}

}  // namespace berth::githosts

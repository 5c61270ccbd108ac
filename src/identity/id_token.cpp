#include "identity/id_token.hpp"

#include <optional>

#include "base/crypto.hpp"

namespace berth::identity {
namespace {

Error refused(std::string_view why) {
    return fail_as(Failure::unauthenticated, "id_token_refused", "",
                   "what the provider says of you does not hold: {}", why);
}

/// A part of a token as a JSON object; nothing for anything else.
std::optional<json::bj::object> object_of(std::string_view part) {
    const Result<std::string> text = from_base64url(part);
    if (!text) return std::nullopt;
    Result<json::value> value = json::parse(*text);
    if (!value || !value->is_object()) return std::nullopt;
    return std::move(value->get_object());
}

std::string text_of(const json::bj::object& from, std::string_view name) {
    const json::value* found = from.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

/// Seconds since 1970 (RFC 7519 §2: they may have a fraction).
std::optional<std::int64_t> time_in(const json::bj::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double seconds = value->to_number<double>();
    constexpr double seconds_max = 1e12;
    if (!(seconds >= 0 && seconds < seconds_max)) return std::nullopt;
    return static_cast<std::int64_t>(seconds);
}

/// For us, and not for us among others unless it says that it was given to us.
Result<> check_audience(const json::bj::object& claims, const std::string& client_id) {
    const json::value* audience = claims.if_contains("aud");
    bool ours = false;
    bool others = false;
    if (audience != nullptr && audience->is_string()) {
        ours = audience->get_string() == client_id;
    } else if (audience != nullptr && audience->is_array()) {
        for (const json::value& one : audience->get_array()) {
            const bool is_us = one.is_string() && one.get_string() == client_id;
            (is_us ? ours : others) = true;
        }
    }
    if (!ours) return refused("it is for somebody else (aud)");
    const bool named = claims.contains("azp");
    if ((named || others) && text_of(claims, "azp") != client_id) {
        return refused("it was given to somebody else (azp)");
    }
    return {};
}

Result<> check_times(const json::bj::object& claims, std::int64_t now_ms) {
    const std::int64_t now_s = now_ms / 1000;
    const std::optional<std::int64_t> end = time_in(claims, "exp");
    const std::optional<std::int64_t> issued = time_in(claims, "iat");
    if (!end || *end + clock_skew_s <= now_s) return refused("it has expired (exp)");
    if (!issued || *issued > now_s + clock_skew_s) return refused("it is of the future (iat)");
    if (*issued + issued_s_max + clock_skew_s <= now_s) return refused("it is old (iat)");
    if (claims.contains("nbf")) {
        const std::optional<std::int64_t> begin = time_in(claims, "nbf");
        if (!begin || *begin > now_s + clock_skew_s) return refused("it is of the future (nbf)");
    }
    return {};
}

Result<> check_claims(const json::bj::object& claims, const ExpectedToken& expected) {
    if (text_of(claims, "iss") != expected.issuer) return refused("somebody else said it (iss)");
    const Result<> audience = check_audience(claims, expected.client_id);
    if (!audience) return audience.error();
    const Result<> times = check_times(claims, expected.now_ms);
    if (!times) return times.error();
    const std::string nonce = text_of(claims, "nonce");
    if (expected.nonce.empty() || !equal_secret(nonce, expected.nonce)) {
        return refused("it was made for another sign-in (nonce)");
    }
    return {};
}

Result<> check_signature(const std::string& token, std::size_t first, std::size_t last,
                         const KeySet& keys) {
    const std::string_view text(token);
    const auto head = object_of(text.substr(0, first));
    if (!head) return refused("it is malformed");
    // Extensions that we would have to understand are not understood (RFC 7515 §4.1.11).
    if (head->contains("crit")) return refused("it needs an extension (crit)");
    const std::string algorithm = text_of(*head, "alg");
    if (algorithm != "RS256" && algorithm != "ES256") {
        return refused("it is signed by another algorithm than RS256 and ES256");
    }
    const std::string id = text_of(*head, "kid");
    if (!keys.knows(id, algorithm)) {
        return fail_as(Failure::unauthenticated, "unknown_key", "",
                       "what the provider says of you is signed with a key that it does not "
                       "publish");
    }
    const Result<std::string> signature = from_base64url(text.substr(last + 1));
    if (!signature || !keys.verify(id, algorithm, text.substr(0, last), *signature)) {
        return refused("its signature is wrong");
    }
    return {};
}

}  // namespace

void read_email(const json::bj::object& claims, Identity& into) {
    into.email = text_of(claims, "email");
    const json::value* verified = claims.if_contains("email_verified");
    // Some providers write the truth as a text.
    into.email_verified = !into.email.empty() && verified != nullptr &&
                          ((verified->is_bool() && verified->get_bool()) ||
                           (verified->is_string() && verified->get_string() == "true"));
}

Result<Identity> check_id_token(const std::string& token, const KeySet& keys,
                                const ExpectedToken& expected) {
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    const bool three = first != token.npos && first != last &&
                       token.find('.', first + 1) == last;  // five parts: encrypted
    if (!three || token.size() > id_token_bytes_max) return refused("it is malformed");
    const Result<> ours = check_signature(token, first, last, keys);
    if (!ours) return ours.error();
    const auto claims = object_of(std::string_view(token).substr(first + 1, last - first - 1));
    if (!claims) return refused("it is malformed");
    const Result<> good = check_claims(*claims, expected);
    if (!good) return good.error();
    Identity identity{.issuer = expected.issuer, .subject = text_of(*claims, "sub")};
    if (identity.subject.empty() || identity.subject.size() > subject_bytes_max) {
        return refused("it names nobody (sub)");
    }
    read_email(*claims, identity);
    return identity;
}

}  // namespace berth::identity

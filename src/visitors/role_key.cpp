#include "visitors/role_key.hpp"

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace berth::visitors {
namespace {

namespace bj = json::bj;

constexpr std::int64_t clock_skew_s = 60;

/// A part of a token as a JSON object; nothing for anything else.
std::optional<bj::object> object_of(std::string_view part) {
    const Result<std::string> text = from_base64url(part);
    if (!text) return std::nullopt;
    Result<json::value> value = json::parse(*text);
    if (!value || !value->is_object()) return std::nullopt;
    return std::move(value->as_object());
}

const json::value* member(const json::value* value, std::string_view name) {
    return value != nullptr && value->is_object() ? value->as_object().if_contains(name) : nullptr;
}

/// Seconds since 1970 (RFC 7519 §2: they may have a fraction).
std::optional<std::int64_t> time_in(const bj::object& claims, std::string_view name) {
    const json::value* value = claims.if_contains(name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double seconds = value->to_number<double>();
    constexpr double seconds_max = 1e12;
    if (!(seconds >= 0 && seconds < seconds_max)) return std::nullopt;
    return static_cast<std::int64_t>(seconds);
}

std::vector<std::string> roles_in(const bj::object& claims) {
    std::vector<std::string> roles;
    const json::value* list =
        member(member(claims.if_contains("app_metadata"), "authorization"), "roles");
    if (list == nullptr || !list->is_array()) return roles;
    for (const json::value& role : list->as_array()) {
        if (role.is_string() && roles.size() < RoleKey::roles_max)
            roles.emplace_back(role.as_string());
    }
    return roles;
}

/// Whether a claim is there that is no time: such a token's end is not known.
bool is_malformed_time(const bj::object& claims, std::string_view name) {
    return claims.contains(name) && !time_in(claims, name);
}

}  // namespace

bool holds(const RoleToken& token, std::int64_t now_ms) {
    const std::int64_t now_s = now_ms / 1000;
    return token.not_before_s <= now_s + clock_skew_s && (!token.end_s || *token.end_s > now_s);
}

Result<RoleKey> RoleKey::parse(const std::string& pem) {
    if (pem.size() <= pem_bytes_max) {
        if (Result<VerifyingKey> key = VerifyingKey::parse(pem)) return RoleKey(std::move(*key));
        if (Result<RsaKey> key = RsaKey::parse(pem)) return RoleKey(std::move(*key));
    }
    return fail(Failure::invalid,
                "not a public key in PEM: of P-256 (ES256), or of RSA with 2,048 to 8,192 bits "
                "(RS256)");
}

std::string_view RoleKey::algorithm() const {
    return std::holds_alternative<VerifyingKey>(key_) ? "ES256" : "RS256";
}

bool RoleKey::signed_by_us(std::string_view text, std::string_view signature) const {
    const auto check = [&](const auto& key) { return key.verify(text, signature); };
    return std::visit(check, key_);
}

std::optional<RoleToken> RoleKey::verify(std::string_view token) const {
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (token.size() > token_bytes_max || first == token.npos || first == last) return std::nullopt;
    // The key alone says the algorithm (RFC 8725 §3.1); extensions that we would have to
    // understand are not understood (RFC 7515 §4.1.11).
    const std::optional<bj::object> head = object_of(token.substr(0, first));
    if (!head || head->contains("crit")) return std::nullopt;
    const json::value* named = head->if_contains("alg");
    if (named == nullptr || !named->is_string() ||
        std::string_view(named->as_string()) != algorithm())
        return std::nullopt;
    const Result<std::string> signature = from_base64url(token.substr(last + 1));
    if (!signature || !signed_by_us(token.substr(0, last), *signature)) return std::nullopt;
    const std::optional<bj::object> claims = object_of(token.substr(first + 1, last - first - 1));
    if (!claims || is_malformed_time(*claims, "exp") || is_malformed_time(*claims, "nbf"))
        return std::nullopt;
    return RoleToken{.roles = roles_in(*claims),
                     .not_before_s = time_in(*claims, "nbf").value_or(0),
                     .end_s = time_in(*claims, "exp")};
}

const RoleKey* RoleMemory::key_of(const std::string& pem) {
    const auto known = keys_.find(pem);
    if (known != keys_.end()) return known->second ? &*known->second : nullptr;
    if (keys_.size() >= keys_max) keys_.clear();
    Result<RoleKey> parsed = RoleKey::parse(pem);
    auto& kept = keys_[pem];
    if (parsed) kept = std::move(*parsed);
    return kept ? &*kept : nullptr;
}

std::vector<std::string> RoleMemory::roles(const std::string& pem, std::string_view token,
                                           std::int64_t now_ms) {
    if (token.size() > RoleKey::token_bytes_max) return {};
    std::string name(token);
    name.append(" ").append(pem);
    auto known = tokens_.find(name);
    if (known == tokens_.end()) {
        const RoleKey* key = key_of(pem);
        std::optional<RoleToken> checked = key == nullptr ? std::nullopt : key->verify(token);
        // Only what was signed is remembered: nobody else can fill this.
        if (!checked) return {};
        if (tokens_.size() >= tokens_max) tokens_.clear();
        known = tokens_.emplace(std::move(name), std::move(*checked)).first;
    }
    return holds(known->second, now_ms) ? known->second.roles : std::vector<std::string>();
}

}  // namespace berth::visitors

#include "accounts/access_token.hpp"

#include "base/crypto.hpp"

namespace berth::accounts {
namespace {

Error forged() {
    return fail_as(Failure::unauthenticated, "unauthenticated", "", "not signed in");
}

}  // namespace

AccessTokens::AccessTokens(const std::string& private_key)
    : key_(private_key), verifying_key_(key_.verifying_key()) {
    const std::string kid = sha256_hex(public_key()).substr(0, 16);
    head_ = base64url(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"at+jwt"})");
}

std::string AccessTokens::public_key() const {
    return key_.public_key();
}

std::string AccessTokens::issue(const std::string& user, const std::string& session,
                                std::int64_t now_ms) const {
    const AccessClaims claims{
        .sub = user,
        .sid = session,
        .iat = now_ms / 1000,
        .exp = (now_ms + lifetime_ms) / 1000,
    };
    const std::string signed_part = head_ + "." + base64url(json::text(claims));
    return signed_part + "." + base64url(key_.sign(signed_part));
}

Result<AccessClaims> AccessTokens::check(std::string_view token, std::int64_t now_ms) const {
    const std::size_t dot = token.rfind('.');
    // The head must be ours to the byte: no other algorithm, key or type is ever looked at.
    if (token.size() > 2048 || dot == std::string_view::npos || !token.starts_with(head_ + ".") ||
        dot <= head_.size()) {
        return forged();
    }
    const Result<std::string> signature = from_base64url(token.substr(dot + 1));
    if (!signature || !verifying_key_.verify(token.substr(0, dot), *signature)) return forged();
    const Result<std::string> body =
        from_base64url(token.substr(head_.size() + 1, dot - head_.size() - 1));
    if (!body) return forged();
    const Result<AccessClaims> claims = json::parse_as<AccessClaims>(*body);
    const AccessClaims ours;
    if (!claims || claims->iss != ours.iss || claims->aud != ours.aud) return forged();
    if (claims->exp <= now_ms / 1000) {
        return fail_as(Failure::unauthenticated, "access_expired", "", "the access has expired");
    }
    return claims;
}

}  // namespace berth::accounts

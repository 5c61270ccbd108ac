#include "visitors/pass.hpp"

#include <algorithm>

#include "base/crypto.hpp"

namespace berth::visitors {
namespace {

std::string kid_of(const std::string& pem) {
    return sha256_hex(pem).substr(0, 16);
}

/// The one head that a token of that key may have, with its dot.
std::string head_of(const std::string& kid) {
    return base64url(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"berth-pass+jwt"})") + ".";
}

}  // namespace

bool opens(const Pass& pass, const Guarded& guarded, std::int64_t now_ms) {
    return pass.aud == guarded.host && pass.project == guarded.project &&
           pass.generation == guarded.generation && pass.exp > now_ms / 1000 &&
           (pass.link.empty() ||
            std::ranges::find(guarded.revoked_links, pass.link) == guarded.revoked_links.end());
}

PassSigner::PassSigner(const std::string& private_key)
    : key_(private_key), kid_(kid_of(key_.public_key())), head_(head_of(kid_)) {}

std::string PassSigner::issue(const Pass& pass) const {
    const std::string signed_part = head_ + base64url(json::text(pass));
    return signed_part + "." + base64url(key_.sign(signed_part));
}

PublicKeys PassSigner::public_keys() const {
    return {.keys = {{kid_, key_.public_key()}}};
}

Result<std::shared_ptr<const PassCheck>> PassCheck::make(const PublicKeys& keys) {
    if (keys.keys.empty() || keys.keys.size() > keys_max) {
        return fail(Failure::invalid, "{} keys; from 1 to {}", keys.keys.size(), keys_max);
    }
    auto check = std::make_shared<PassCheck>();
    for (const PublicKey& key : keys.keys) {
        if (key.kid != kid_of(key.pem)) return fail(Failure::invalid, "a key under a wrong kid");
        const Result<VerifyingKey> parsed = VerifyingKey::parse(key.pem);
        if (!parsed) return parsed.error();
        check->known_.push_back({head_of(key.kid), *parsed});
    }
    return std::shared_ptr<const PassCheck>(std::move(check));
}

std::optional<Pass> PassCheck::verify(std::string_view token) const {
    const std::size_t dot = token.rfind('.');
    if (token.size() > pass_bytes_max || dot == token.npos) return std::nullopt;
    for (const Known& known : known_) {
        // The head must be ours to the byte: no other algorithm, key or type is ever looked at.
        if (!token.starts_with(known.head) || dot < known.head.size()) continue;
        const Result<std::string> signature = from_base64url(token.substr(dot + 1));
        if (!signature || !known.key.verify(token.substr(0, dot), *signature)) return std::nullopt;
        const Result<std::string> body =
            from_base64url(token.substr(known.head.size(), dot - known.head.size()));
        if (!body) return std::nullopt;
        Result<Pass> pass = json::parse_as<Pass>(*body);
        if (!pass || pass->iss != Pass{}.iss) return std::nullopt;
        return std::move(*pass);
    }
    return std::nullopt;
}

}  // namespace berth::visitors

#pragma once
/// Whether a webhook delivery comes from who knows the project's secret: each Git host's scheme,
/// over the bytes of the body as they came. Every comparison takes the same time wherever the first
/// difference is.

#include <cstdint>
#include <string>
#include <string_view>

#include "githosts/provider.hpp"

namespace berth::githosts {

/// How far a delivery's own time may be from ours, both ways (Standard Webhooks).
inline constexpr std::int64_t skew_ms_max = 5 * 60'000;

/// A new secret: "whsec_" and 32 random bytes in base64. Hosts that sign with any text use it as it
/// stands, Standard Webhooks with the bytes.
std::string make_secret();

/// What a proof was. A token proves that the sender knows the secret, and nothing of the body.
enum class Proof { signature, signature_with_time, token };

/// github:           X-Hub-Signature-256: sha256=HEX of the body (not the older X-Hub-Signature)
/// gitea:            X-Gitea-Signature (X-Forgejo-…, X-Gogs-…): HEX
/// bitbucket(_server): X-Hub-Signature: sha256=HEX
/// gitlab:           webhook-signature as below; where there is none, X-Gitlab-Token: the secret
/// generic:          webhook-signature: v1,BASE64 of "ID.TIMESTAMP.BODY", several by spaces
///
/// Errors: unauthenticated — signature_missing; wrong_signature; stale_delivery: a timestamp that
///         is more than five minutes from `now_ms`.
/// Source: docs/git.md has the hosts' own pages.
Result<Proof> check_signature(Provider provider, const http::Headers& headers,
                              std::string_view body, std::string_view secret, std::int64_t now_ms);

}  // namespace berth::githosts

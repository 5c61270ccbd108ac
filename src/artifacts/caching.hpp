#pragma once
/// What the edge says by itself about an answer (how long browsers and proxies may keep it, what a
/// page tells of its address), and `explain` shows.

#include <string>
#include <string_view>

namespace berth::artifacts {

inline constexpr std::string_view revalidate = "public, max-age=0, must-revalidate";
inline constexpr std::string_view referrer_policy = "strict-origin-when-cross-origin";
inline constexpr std::string_view for_good = "public, max-age=31536000, immutable";

/// Of a file: for good only when its name changes with its content, and never an error.
constexpr std::string_view cache_control(bool immutable, unsigned status) {
    return immutable && status < 400 ? for_good : revalidate;
}

/// A strong tag: the digest of the plain bytes, and the coding ("", "br", "zstd", "gzip").
inline std::string etag(std::string_view sha256, std::string_view coding) {
    std::string tag = "\"";
    tag.append(sha256);
    if (!coding.empty()) tag.append("-").append(coding);
    return tag + "\"";
}

}  // namespace berth::artifacts

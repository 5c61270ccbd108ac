#pragma once
/// How long an answer may be kept by browsers and proxies, as the edge says it and `explain` shows.

#include <string>
#include <string_view>

namespace berth::artifacts {

inline constexpr std::string_view revalidate = "public, max-age=0, must-revalidate";
inline constexpr std::string_view for_good = "public, max-age=31536000, immutable";

/// Of a file: for good only when its name changes with its content. A 404 is never kept long.
constexpr std::string_view cache_control(bool immutable, unsigned status) {
    return immutable && status != 404 ? for_good : revalidate;
}

/// A strong tag: the digest of the plain bytes, and the coding ("", "br", "gzip").
inline std::string etag(std::string_view sha256, std::string_view coding) {
    std::string tag = "\"";
    tag.append(sha256);
    if (!coding.empty()) tag.append("-").append(coding);
    return tag + "\"";
}

}  // namespace berth::artifacts

#pragma once
/// The one way Berth makes a host and a path comparable: routing, rules, caches and files use this
/// form and no other.

#include <optional>
#include <string>
#include <string_view>

namespace berth::http {

/// Decodes once, resolves dot segments, merges slashes; begins with "/", keeps a last "/".
/// `"/a/./b%20c//../d"` → `"/a/d"`. Encoding the result and normalising again changes nothing.
///
/// Nothing: malformed escapes, an encoded slash, backslash or control character.
std::optional<std::string> normalise_path(std::string_view path);

/// The same into a string whose memory is kept: for the hot path. False: nothing.
bool normalise_path(std::string_view path, std::string& into);

/// Encodes what a URL's path must not hold raw: the way back from a normalised path.
std::string encode_path(std::string_view normalised);

/// Lower case, without port and trailing dot; IPv6 stays in brackets. Normalising
/// the result changes nothing. Nothing: not an authority, or a name with an empty label.
std::optional<std::string> normalise_host(std::string_view authority);
bool normalise_host(std::string_view authority, std::string& into);

/// Whether a normalised host is an IPv4 or bracketed IPv6 address.
bool is_address_literal(std::string_view host);

}  // namespace berth::http

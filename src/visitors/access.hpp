#pragma once
/// Who may visit a site. Chosen per project, for its previews and for production; a host's route
/// says it to the edge.

#include <boost/describe.hpp>
#include <string_view>

namespace berth::visitors {

/// `password`: whoever knows the project's password, and its members. Share links open both.
enum class Access { everybody, members, password };
BOOST_DESCRIBE_ENUM(Access, everybody, members, password)

/// What lies below this path on a site's host is Berth's own and never the site's.
inline constexpr std::string_view reserved_prefix = "/.berth/";
/// Where a visitor gets a pass: the one such address that the edge hands to the api.
inline constexpr std::string_view door_path = "/.berth/access";

/// Whether a normalised path is Berth's own.
constexpr bool is_reserved(std::string_view path) {
    return path.starts_with(reserved_prefix) || path == reserved_prefix.substr(0, 7);
}

}  // namespace berth::visitors

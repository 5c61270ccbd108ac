#include "accounts/team.hpp"

#include <algorithm>
#include <array>

namespace berth::accounts {
namespace {

constexpr std::array<std::string_view, 16> reserved = {
    "account", "admin", "api", "auth", "berth",    "instance", "internal", "invitations",
    "login",   "me",    "new", "root", "settings", "setup",    "system",   "teams"};

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_reserved_slug(std::string_view slug) {
    return std::ranges::find(reserved, slug) != reserved.end();
}

Result<> check_slug(std::string_view slug) {
    const bool fits = slug.size() >= 2 && slug.size() <= slug_bytes_max && slug.front() != '-' &&
                      slug.back() != '-' &&
                      std::ranges::all_of(slug, [](char c) { return is_plain(c) || c == '-'; });
    if (!fits) {
        return fail_as(Failure::invalid, "invalid_slug", "/slug",
                       "slug: 2 to {} of a-z, 0-9 and inner hyphens", slug_bytes_max);
    }
    if (is_reserved_slug(slug)) {
        return fail_as(Failure::invalid, "reserved_slug", "/slug",
                       "slug: '{}' is kept for Berth itself", slug);
    }
    return {};
}

Result<> check_team_name(std::string_view name) {
    const bool blank = std::ranges::all_of(name, [](char c) { return c == ' '; });
    const bool control =
        std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (blank || control || name.size() > team_name_bytes_max) {
        return fail_as(Failure::invalid, "invalid_name", "/name",
                       "name: 1 to {} bytes, not blank, on one line", team_name_bytes_max);
    }
    return {};
}

}  // namespace berth::accounts

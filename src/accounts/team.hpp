#pragma once
/// Teams, their members and invitations to them, as others see them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/user.hpp"
#include "base/result.hpp"

namespace berth::accounts {

/// A team, as one of its members sees it.
struct Team {
    std::string id{};                  // tea_…
    std::string slug{};                // see check_slug
    std::string name{};                // for people
    TeamRole role = TeamRole::viewer;  // of who asks
    std::int64_t created_at_ms = 0;
    std::optional<std::int64_t> second_factor_from_ms{};  // from when on its people need one
    bool second_factor_missing = false;                   // who asks needs one, and has none
};
BOOST_DESCRIBE_STRUCT(Team, (),
                      (id, slug, name, role, created_at_ms, second_factor_from_ms,
                       second_factor_missing))

/// A person in a team, or with a role in a project.
struct Member {
    std::string id{};  // usr_…
    std::string email{};
    TeamRole role = TeamRole::viewer;
    bool disabled = false;
};
BOOST_DESCRIBE_STRUCT(Member, (), (id, email, role, disabled))

/// An invitation that can still be accepted.
struct Invitation {
    std::string id{};     // inv_…
    std::string email{};  // who is meant, normalised
    TeamRole role = TeamRole::viewer;
    std::string invited_by{};  // e-mail address
    std::int64_t created_at_ms = 0;
    std::int64_t expires_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Invitation, (), (id, email, role, invited_by, created_at_ms, expires_at_ms))

inline constexpr std::size_t slug_bytes_max = 40;
inline constexpr std::size_t team_name_bytes_max = 100;

/// Whether a word is kept for addresses of the dashboard and of Berth itself: "new", "api".
bool is_reserved_slug(std::string_view slug);

/// Errors: invalid, at /slug — invalid_slug: not 2 to 40 of a-z, 0-9 and inner hyphens;
///         reserved_slug.
Result<> check_slug(std::string_view slug);

/// Errors: invalid, at /name — invalid_name: empty or blank, over 100 bytes, or with control bytes.
Result<> check_team_name(std::string_view name);

}  // namespace berth::accounts

#pragma once
/// A person who signs in, as others see them. Passwords stay in password.hpp and the users table.

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace berth::accounts {

/// On the instance. `owner`: may manage users and the instance's settings.
enum class UserRole { owner, member };
BOOST_DESCRIBE_ENUM(UserRole, owner, member)

/// In a team or, but for `owner`, in one project. Each may do what the one before it may:
/// `viewer` reads, `developer` deploys, `admin` changes projects and says who belongs to the team,
/// `owner` deletes projects and the team, and makes owners.
enum class TeamRole { viewer, developer, admin, owner };
BOOST_DESCRIBE_ENUM(TeamRole, viewer, developer, admin, owner)

struct User {
    std::string id{};     // usr_…
    std::string email{};  // normalised, see email.hpp
    UserRole role = UserRole::member;
    std::int64_t created_at_ms = 0;
    bool disabled = false;
    bool must_change_password = false;  // signed in with a one-time password

    // Of the request under way, for the audit log; neither stored nor shown.
    std::string address{};
    std::string token{};  // tok_…, when it came by one
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, role, created_at_ms, disabled, must_change_password))

/// A team that a person belongs to, and as what.
struct Membership {
    std::string id{};  // tea_…
    std::string slug{};
    TeamRole role = TeamRole::viewer;
};
BOOST_DESCRIBE_STRUCT(Membership, (), (id, slug, role))

}  // namespace berth::accounts

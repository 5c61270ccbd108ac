#pragma once
/// A person who signs in, as others see them. Passwords stay in password.hpp and the users table.

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace berth::accounts {

/// On the instance. `owner`: may manage users and the instance's settings.
enum class UserRole { owner, member };
BOOST_DESCRIBE_ENUM(UserRole, owner, member)

/// In a team. `owner`: may also delete its projects.
enum class TeamRole { owner, member };
BOOST_DESCRIBE_ENUM(TeamRole, owner, member)

struct User {
    std::string id{};     // usr_…
    std::string email{};  // normalised, see email.hpp
    UserRole role = UserRole::member;
    std::int64_t created_at_ms = 0;
    bool disabled = false;
    bool must_change_password = false;  // signed in with a one-time password
};
BOOST_DESCRIBE_STRUCT(User, (), (id, email, role, created_at_ms, disabled, must_change_password))

/// A team that a person belongs to, and as what.
struct Membership {
    std::string id{};  // tea_…
    std::string slug{};
    TeamRole role = TeamRole::member;
};
BOOST_DESCRIBE_STRUCT(Membership, (), (id, slug, role))

}  // namespace berth::accounts

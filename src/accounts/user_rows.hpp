#pragma once
/// A person as the table `users` has them, for what adds people. Include only from .cpp files.

#include <string>

#include "accounts/user.hpp"
#include "base/result.hpp"

namespace soci {
class session;
}

namespace berth::accounts {

struct UserRow {
    std::string id{};
    std::string email{};
    std::string password_hash{};
    UserRole role = UserRole::member;
    bool disabled = false;
    bool must_change_password = false;
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(UserRow, (),
                      (id, email, password_hash, role, disabled, must_change_password,
                       created_at_ms))

User view_of(const UserRow& row);

bool email_exists(soci::session& sql, const std::string& email);

/// Errors: conflict — email_taken at /email.
Result<> add_user_row(soci::session& sql, const UserRow& row);

struct NewUser;

/// Puts a checked person in, and into `wanted`'s team or one of their own.
/// Errors: conflict — email_taken, too_many_members; not_found — team_not_found.
Result<> add_person(soci::session& sql, const UserRow& row, const NewUser& wanted,
                    std::int64_t now_ms);

}  // namespace berth::accounts

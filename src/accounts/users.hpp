#pragma once
/// People and their teams: adding, disabling, resetting, and checking a password.

#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "accounts/password.hpp"
#include "accounts/user.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct NewUser {
    std::string email{};                    // any spelling; stored normalised
    std::optional<std::string> password{};  // none: a one-time password is made
    std::string team{};                     // slug of a team to join; "" makes a team of their own
    TeamRole role = TeamRole::admin;        // in that team
    AuditActor actor{""};                   // who adds them
};

struct AddedUser {
    User user{};
    std::optional<std::string> password{};  // the one-time password, when one was made
};

class Users {
public:
    /// All must outlive this.
    Users(db::Database& database, Clock now_ms, Passwords& passwords);

    /// Errors: invalid — email or password; conflict — email_taken; not_found — no such team.
    Task<Result<AddedUser>> add(NewUser wanted);

    /// The first person: owner of the instance and of the team `default`.
    /// Errors: as add; conflict — already_set_up.
    Task<Result<User>> add_first(std::string email, std::string password);

    Task<bool> is_empty();

    /// Whether a normalised e-mail address has an account.
    Task<bool> exists(std::string email);

    /// Newest last.
    Task<std::vector<User>> list();

    /// Ends their sessions too when disabling.
    /// Errors: not_found; conflict — last_owner.
    Task<Result<User>> set_disabled(std::string user, bool disabled, AuditActor actor);

    /// Gives them a one-time password and ends their sessions. Errors: not_found.
    Task<Result<AddedUser>> reset_password(std::string user, AuditActor actor);

    /// The same by e-mail address: `berth admin reset-password`, from the machine itself.
    Task<Result<AddedUser>> reset_password_of(std::string email);

    /// Errors: unauthenticated — wrong_password, the same for an unknown address, a wrong password
    ///         and a disabled person, and after the same time; limited.
    Task<Result<User>> check_password(std::string email, std::string password);

    /// Errors: forbidden — wrong_password at /current; invalid at /new.
    Task<Result<>> change_password(User user, std::string current, std::string wanted);

    /// Whether they can sign in by password at all: who came through a provider may have none.
    Task<bool> has_password(std::string user);

    /// Without asking for the one before. Errors: invalid at /new.
    Task<Result<>> set_password(User user, std::string wanted);

    Task<std::vector<Membership>> memberships(std::string user);

private:
    Task<Result<AddedUser>> reset(std::string column, std::string key, AuditActor actor);

    db::Database& database_;
    Clock now_ms_;
    Passwords& passwords_;
};

}  // namespace berth::accounts

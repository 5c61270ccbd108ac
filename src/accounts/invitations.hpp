#pragma once
/// Invitations: a link that lets one e-mail address join a team, once, within a week. Berth sends
/// no mail: whoever invites copies the link. Only a hash of its secret is kept.

#include <string>
#include <vector>

#include "accounts/identities.hpp"
#include "accounts/password.hpp"
#include "accounts/team.hpp"
#include "base/clock.hpp"
#include "base/task.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

struct MadeInvitation {
    Invitation invitation{};
    std::string secret{};  // "ivt_…": shown once
};

/// What the holder of a link sees before they accept.
struct OpenInvitation {
    std::string team{};  // its name
    std::string email{};
    TeamRole role = TeamRole::viewer;
    std::int64_t expires_at_ms = 0;
    bool has_account = false;  // whether the address has one: sign in, or choose a password
};
BOOST_DESCRIBE_STRUCT(OpenInvitation, (), (team, email, role, expires_at_ms, has_account))

/// Who joined, and what.
struct Joined {
    User user{};
    Team team{};
};

class Invitations {
public:
    static constexpr std::int64_t lifetime_ms = 7ll * 24 * 3600 * 1000;
    static constexpr std::int64_t open_per_team_max = 100;

    /// All must outlive this.
    Invitations(db::Database& database, Clock now_ms, Passwords& passwords);

    /// By an admin; of an owner: by an owner. An earlier one to that address ends.
    /// Errors: invalid — invalid_email; conflict — already_member, too_many_members,
    ///         too_many_invitations; forbidden — owner_needed, role_needed; not_found.
    Task<Result<MadeInvitation>> add(std::string team, std::string email, TeamRole role,
                                     User actor);

    /// Newest first: those that can still be accepted.
    Task<std::vector<Invitation>> list(std::string team);

    /// By an admin. Errors: not_found — invitation_not_found: not an open one of that team.
    Task<Result<>> revoke(std::string team, std::string invitation, User actor);

    /// Errors: not_found — invitation_not_found; conflict — invitation_expired, invitation_used,
    ///         invitation_revoked.
    Task<Result<OpenInvitation>> look(std::string secret);

    /// Errors: as look; forbidden — other_address: the link is for somebody else; conflict —
    ///         already_member, too_many_members.
    Task<Result<Joined>> accept(std::string secret, User user);

    /// Makes an account for the invitation's address, with no team but this one.
    /// Errors: as look; invalid — the password; conflict — email_taken; limited — busy.
    Task<Result<Joined>> accept_as_new(std::string secret, std::string password,
                                       std::string address = "");

    /// The same for somebody whom a provider vouches for, and who then signs in through it.
    /// Errors: as look; forbidden — email_unverified, other_address; conflict — email_taken,
    ///         identity_taken.
    Task<Result<KnownPerson>> accept_by_identity(std::string secret, identity::Identity identity,
                                                 std::string address);

private:
    db::Database& database_;
    Clock now_ms_;
    Passwords& passwords_;
};

}  // namespace berth::accounts

#pragma once
/// Everything about people in one place, for the composition root and the API.

#include "accounts/audit_log.hpp"
#include "accounts/device_logins.hpp"
#include "accounts/instance.hpp"
#include "accounts/invitations.hpp"
#include "accounts/password.hpp"
#include "accounts/project_roles.hpp"
#include "accounts/second_factors.hpp"
#include "accounts/sessions.hpp"
#include "accounts/teams.hpp"
#include "accounts/throttle.hpp"
#include "accounts/tokens.hpp"
#include "accounts/users.hpp"

namespace berth::accounts {

class Accounts {
public:
    /// `database` must outlive this; `secrets` come from ensure_instance_secrets.
    Accounts(db::Database& database, Clock now_ms, InstanceSecrets secrets, PasswordCost cost = {});

    /// What a sign-in, or a try to set up, is under.
    static std::vector<Throttle::Use> sign_in_limits(const std::string& email,
                                                     const std::string& address);
    static std::vector<Throttle::Use> set_up_limits(const std::string& address);

    /// Throttled per address and per account; failures count, successes forgive.
    /// Errors: unauthenticated — wrong_password; limited — too_many_attempts, busy.
    Task<Result<User>> sign_in(std::string email, std::string password, std::string address);

    /// What a sign-in needs beside the password, see SecondFactors::check; what fails is noted.
    Task<Result<Factor>> check_factor(User user, std::optional<std::string> code);

    /// Sets the instance up with the one-time code.
    /// Errors: forbidden — wrong_code at /code; conflict — already_set_up; invalid; limited.
    Task<Result<User>> set_up(std::string code, std::string email, std::string password,
                              std::string address);

    /// Whether a token is the one that workers (or edges) join with.
    bool is_worker_token(std::string_view value) const;
    bool is_edge_token(std::string_view value) const;

    const InstanceSecrets& secrets() const { return secrets_; }

private:
    Task<> note_failure(std::string email, std::string address, std::string action);

    InstanceSecrets secrets_;
    Passwords passwords_;

public:
    Throttle throttle;
    Users users;
    Sessions sessions;
    Tokens tokens;
    Teams teams;
    Invitations invitations;
    ProjectRoles project_roles;
    AuditLog audit;
    SecondFactors second_factors;
    DeviceLogins device_logins;
};

}  // namespace berth::accounts

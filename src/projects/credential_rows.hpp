#pragma once
/// The Git credential of a project and the deploy keys made before their project, as rows within
/// a transaction.

#include <string>

#include "base/crypto.hpp"
#include "projects/project.hpp"

namespace soci {
class session;
}

namespace berth::projects {

/// A fresh key of a person, to be used by one project later.
/// Errors: conflict — too_many_deploy_keys: 50 unused ones already.
struct DeployKey {
    std::string id{};  // dpk_…
    std::string public_key{};
};
BOOST_DESCRIBE_STRUCT(DeployKey, (), (id, public_key))
Result<DeployKey> add_deploy_key(soci::session& sql, const Sealer& sealer, const std::string& user,
                                 std::int64_t now_ms);

/// The private half of an unused key of that person. Errors: invalid — deploy_key_not_found.
Result<std::string> open_deploy_key(soci::session& sql, const Sealer& sealer,
                                    const std::string& user, const std::string& id);

/// Stores the credential of a project. Without a secret (token) or a key's id (deploy key) the
/// stored one of the same kind stays. Errors: invalid — at /credential/….
Result<> set_credential(soci::session& sql, const Sealer& sealer, const std::string& project,
                        const std::string& user, const CredentialInput& input);

CredentialView view_credential(soci::session& sql, const std::string& project);

/// With its secret; of a project without one of its own, that of its link to a Git host.
/// Errors: invalid — seal_broken.
Result<jobs::Credential> open_credential(soci::session& sql, const Sealer& sealer,
                                         const std::string& project);

}  // namespace berth::projects

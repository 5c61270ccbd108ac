#pragma once
/// The providers that people may sign in through, as the instance's owners set them. What they say
/// of somebody is identities.hpp; the conversation with them is identity/identity_client.hpp.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"
#include "identity/provider.hpp"

namespace berth::db {
class Database;
}

namespace berth::accounts {

/// Whom a provider may bring an account: nobody; who holds an invitation to the address that the
/// provider has verified; or also whoever has a verified address of one of the domains.
enum class NewPeople { nobody, invited, domains };
BOOST_DESCRIBE_ENUM(NewPeople, nobody, invited, domains)

struct SignInProvider {
    std::string id{};  // a label, in the address that it sends people back to
    identity::ProviderKind kind = identity::ProviderKind::oidc;
    std::string name{};  // on the button
    std::string issuer{};
    std::string client_id{};
    bool has_secret = false;
    NewPeople new_people = NewPeople::nobody;
    std::vector<std::string> domains{};  // lower case, each alone: no domain below it
    bool enabled = true;
    std::int64_t people = 0;  // who have linked an identity of its issuer
    std::int64_t version = 1;
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(SignInProvider, (),
                      (id, kind, name, issuer, client_id, has_secret, new_people, domains, enabled,
                       people, version, created_at_ms))

/// What an owner says of one. No secret: the one before stays, if issuer and client do.
struct ProviderSettings {
    identity::ProviderKind kind = identity::ProviderKind::oidc;
    std::string name{};
    std::string issuer{};  // "": the service itself, of github and gitlab
    std::string client_id{};
    std::optional<std::string> client_secret{};
    NewPeople new_people = NewPeople::nobody;
    std::vector<std::string> domains{};
    bool enabled = true;
};

class SignInProviders {
public:
    static constexpr std::int64_t providers_max = 20;
    static constexpr std::size_t domains_max = 50;

    /// Holds nothing of its own: may be made for one request. All must outlive this.
    SignInProviders(db::Database& database, const Sealer& sealer, Clock now_ms);

    /// Errors: invalid — invalid_id, invalid_name, invalid_issuer, invalid_client, invalid_domain;
    ///         conflict — provider_taken, too_many_providers.
    Task<Result<SignInProvider>> add(std::string id, ProviderSettings wanted, AuditActor actor);

    /// If it is still of that version. Errors: as add; not_found — provider_not_found;
    /// precondition — precondition_failed.
    Task<Result<SignInProvider>> change(std::string id, std::int64_t version,
                                        ProviderSettings wanted, AuditActor actor);

    /// What people linked stays, for when it is added again. Errors: not_found.
    Task<Result<>> remove(std::string id, AuditActor actor);

    /// By id.
    Task<std::vector<SignInProvider>> list();

    /// Errors: not_found — provider_not_found.
    Task<Result<SignInProvider>> find(std::string id);

    /// For a conversation with it. Errors: not_found — provider_not_found: also when not enabled.
    Task<Result<identity::Provider>> open(std::string id);

private:
    db::Database& database_;
    const Sealer& sealer_;
    Clock now_ms_;
};

}  // namespace berth::accounts

#pragma once
/// Where projects are kept, with their credential, variables, host names and deploy hook. Who may
/// see which project is decided before (api/access.cpp); here a caller names projects by id.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accounts/audit.hpp"
#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/task.hpp"
#include "projects/credential_rows.hpp"
#include "projects/project.hpp"
#include "projects/site_access.hpp"
#include "projects/variable.hpp"

namespace berth::db {
class Database;
}

namespace berth::projects {

/// Where production points, for lists.
struct ProductionPointer {
    std::string deployment{};
    std::int64_t generation = 0;
    bool rolled_back = false;
};
BOOST_DESCRIBE_STRUCT(ProductionPointer, (), (deployment, generation, rolled_back))

struct ProjectDetails {
    Project project{};
    CredentialView credential{};
    std::optional<ProductionPointer> production{};
    SiteAccess access{};
};

/// Who acts: for the audit, and whose deploy keys may be used.
struct Actor {
    std::string user{};     // usr_…
    std::string name{};     // e-mail address
    std::string address{};  // of the request
    std::string token{};    // tok_…, when it came by one

    operator accounts::AuditActor() const {
        return {name, address, token};
    }  // NOLINT(google-explicit-constructor)
};

struct NewProject {
    Project project{};  // id, times and version are given by the store
    CredentialInput credential{};
    std::vector<VariableInput> variables{};
};

/// Everything a build needs to know of its project, opened.
struct JobInputs {
    jobs::Source source{};  // repo_url, ref = the production branch, root, credential
    jobs::Settings settings{};
    std::vector<jobs::JobVariable> variables{};
    jobs::SecretInOutput secret_in_output = jobs::SecretInOutput::fail;
};

/// How the variables that a build of production gets now differ from those of the live deployment.
struct VariableChanges {
    std::optional<std::string> deployment{};  // the live one
    bool known = false;                       // false: none, or built before this was noted
    std::vector<VariableChange> items{};      // by key
};
BOOST_DESCRIBE_STRUCT(VariableChanges, (), (deployment, known, items))

struct ProjectNames {
    std::string base_host = "localhost";
    std::string platform_host{};  // never a project's
};

class ProjectStore {
public:
    static constexpr std::int64_t tombstone_ms = 30ll * 24 * 3600 * 1000;
    static constexpr std::int64_t undo_ms = 7ll * 24 * 3600 * 1000;

    /// All must outlive this.
    ProjectStore(db::Database& database, const Sealer& sealer, Clock now_ms, ProjectNames names);

    /// Checks and stores a project; its production host is its own from here on.
    /// Errors: invalid; conflict — name_taken at /name: a living project's, or one freed by another
    ///         team in the last 30 days.
    Task<Result<ProjectDetails>> add(NewProject wanted, Actor actor);

    /// Errors: not_found.
    Task<Result<ProjectDetails>> find(std::string project);

    /// Which of the projects that a person sees, by a team or by a role there.
    struct Wanted {
        std::int64_t limit = 0;  // at most so many
        std::string after{};     // older than this id; "" is the start
        std::string text{};      // in the name or the repository's address, in any case; "" is all
    };
    /// Newest first.
    Task<std::vector<ProjectDetails>> list(std::string user, Wanted wanted);

    /// Stores changed settings if the version is still that of `changed.version`. Who may visit its
    /// sites: the routes are to be published afterwards.
    /// Errors: invalid; precondition — precondition_failed; not_found.
    Task<Result<ProjectDetails>> change(Project changed, std::optional<CredentialInput> credential,
                                        Actor actor, SiteAccessChange access = {});

    /// Deletes it: nobody finds it, and its sites go down with the next publishing. For `undo_ms`
    /// it keeps all that it had and can be had back; its own team may take its name meanwhile.
    /// Errors: not_found.
    Task<Result<>> remove(std::string project, Actor actor);
    /// The deleted projects of a team that can be had back, the last deleted first.
    Task<std::vector<DeletedProject>> deleted(std::string team);
    /// As it was; its sites are up again with the next publishing.
    /// Errors: not_found — no such one, or it is too late; conflict — name_taken: its team gave the
    ///         name to another; too_many_projects.
    Task<Result<ProjectDetails>> restore(std::string team, std::string project, Actor actor);
    /// Ends the time in which a deleted project can be had back: forgets its secrets and frees its
    /// hosts. Errors: not_found.
    Task<Result<>> purge(std::string team, std::string project, Actor actor);
    /// Purges those whose time is over; their ids, at most 100.
    Task<std::vector<std::string>> purge_due();

    /// Gives it to another team, where the actor must be allowed to add projects. Its sites,
    /// variables and roles of its own stay. Errors: not_found; conflict — too_many_projects.
    Task<Result<ProjectDetails>> transfer(std::string project, std::string team, Actor actor);

    struct Variables {
        std::vector<VariableView> items{};
        std::int64_t version = 0;
    };
    /// Errors: not_found.
    Task<Result<Variables>> variables(std::string project);
    /// Replaces the list if `version` is still the stored one.
    /// Errors: invalid, at /items/N/…; precondition — precondition_failed; not_found.
    Task<Result<Variables>> set_variables(std::string project, std::int64_t version,
                                          std::vector<VariableInput> items, Actor actor);

    /// `branch`: what is built, for the variables of previews of one branch.
    /// Errors: not_found; invalid — seal_broken.
    Task<Result<JobInputs>> job_inputs(std::string project, VariableEnvironment environment,
                                       std::string branch);
    /// What NewDeployment::sealed_variables takes, for that deployment's id alone.
    std::string seal_own_variables(const std::string& deployment,
                                   std::vector<jobs::JobVariable> variables) const;
    /// The variables that a deployment alone gets; none once it has ended. Errors: invalid —
    /// seal_broken.
    Task<Result<std::vector<jobs::JobVariable>>> own_variables(std::string deployment);
    /// Notes what a deployment's build got. Errors: invalid — seal_broken.
    Task<Result<>> note_built_variables(std::string project, std::string deployment,
                                        std::vector<jobs::JobVariable> variables);
    /// Errors: invalid — seal_broken.
    Task<Result<VariableChanges>> variable_changes(std::string project);
    /// Keeps the host keys that were seen first; later ones do not replace them.
    Task<> pin_known_hosts(std::string project, std::string text);
    /// Fills in the production branch of a project that was added without one.
    Task<> pin_branch(std::string project, std::string branch);

    Task<Result<DeployKey>> add_deploy_key(std::string user);
    /// The private half of an unused key. Errors: invalid — deploy_key_not_found.
    Task<Result<std::string>> open_deploy_key(std::string user, std::string id);

    /// The secret of the deploy hook's address; nothing until one is made.
    Task<Result<std::optional<std::string>>> hook(std::string project);
    /// A new secret; the old address stops working.
    Task<std::string> rotate_hook(std::string project, Actor actor);
    /// The project of a hook's secret. Errors: not_found.
    Task<Result<Project>> project_of_hook(std::string secret);

    /// "shop" → "shop.example.com"
    std::string host_of(const std::string& name) const { return name + "." + names_.base_host; }

private:
    db::Database& database_;
    const Sealer& sealer_;
    Clock now_ms_;
    ProjectNames names_;
};

}  // namespace berth::projects

#pragma once
/// Previews of pull and merge requests: what a Git host tells of one becomes a deployment, waits
/// for somebody's word, or is taken down. By what the host says, not by what happened: whatever is
/// told twice, late or never is made up for by asking.

#include "api/services.hpp"
#include "deployments/deployment.hpp"
#include "githosts/event.hpp"
#include "projects/git_connection.hpp"
#include "projects/git_request_store.hpp"

namespace berth::api {

/// The request as the host has it now. One of a fork is deployed, once for each commit, if its
/// author may; one of the repository's own branch is deployed by pushes. A closed one is taken
/// down, unless another open request is of the same branch.
Task<> heed_request(Services& services, std::string project, githosts::RequestChange change);

/// A branch that was deleted: its previews are taken down.
Task<> heed_deleted_branch(Services& services, std::string project, std::string branch);

/// Builds a stranger's request, and what its author sends from now on.
/// Errors: not_found; conflict — nothing_to_approve; those of Deployments::create.
Task<Result<deployments::DeploymentView>> approve_request(Services& services, std::string project,
                                                          std::int64_t number,
                                                          projects::Actor actor);

inline constexpr std::int64_t reconcile_ms = 5 * 60'000;  // each link, about as often
inline constexpr std::size_t missed_max = 20;             // deployments of one reconciliation

/// Asks the host for branches and open requests, and does what pushes and events would have done
/// that did not come: branches that moved since it was last asked, of which nothing was delivered
/// and nothing deployed, are deployed, as "missed push"; previews of branches and requests that are
/// gone are taken down.
Task<> reconcile_link(Services& services, projects::GitLink link);

/// Of links not reconciled for `reconcile_ms`, at most 20.
Task<> reconcile_links(Services& services);

}  // namespace berth::api

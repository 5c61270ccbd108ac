#pragma once
/// A project's repository at a connected Git host: chosen, linked, and its webhook there made and
/// kept by us. What pushes do is push_deliveries.hpp; what hosts are told of deployments,
/// git_reports.hpp.

#include "api/services.hpp"
#include "projects/git_connection_store.hpp"

namespace berth::api {

/// As people send it.
struct GitChoice {
    std::string connection{};  // gco_…
    std::string repository{};  // "team/shop"
};
BOOST_DESCRIBE_STRUCT(GitChoice, (), (connection, repository))

struct ChosenRepository {
    projects::OpenConnection connection{};
    githosts::RemoteRepository repository{};
    std::string clone_url{};  // normalised, on the connection's host
};

/// Asks the host for the repository. Only who may add projects to the connection's team may choose:
/// what the team's token can read, its project can build.
/// Errors: not_found — connection_not_found: also of a team where the person is no admin; invalid —
///         invalid_repository at /git/repository, clone_url_elsewhere; those of HostClient.
Task<Result<ChosenRepository>> choose_repository(Services& services, std::string user,
                                                 GitChoice choice);

/// How Git clones it.
jobs::Credential credential_of(const ChosenRepository& chosen);

/// The project is that repository from here on, and its pushes deploy. A webhook that cannot be
/// made is noted at the link for people to see, and tried again.
Task<Result<>> link_repository(Services& services, std::string project, ChosenRepository chosen,
                               projects::Actor actor);

/// Makes the webhook at the host, or makes it anew when it is gone; notes what the host says.
Task<> tend_hook(Services& services, projects::GitLink link);

/// Looks after the webhooks of links not looked at for `hook_check_ms`, and removes those at hosts
/// that nobody needs any more. One round, of at most 20 of each.
Task<> tend_hooks(Services& services);

inline constexpr std::int64_t hook_check_ms = 10 * 60'000;

}  // namespace berth::api

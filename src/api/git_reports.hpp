#pragma once
/// Git hosts are told of deployments: the commit's status, and one comment on each pull request
/// that is kept up to date. From rows that a change of state marks (projects/git_report_store.hpp);
/// no deployment waits for it, and none fails by it.

#include "api/services.hpp"
#include "deployments/deployment.hpp"
#include "githosts/remote.hpp"

namespace berth::projects {
struct GitRequest;
}

namespace berth::api {

/// What is due, one after the other, at most 50; of a connection whose host does not answer, no
/// more in this round.
Task<> tell_git_hosts(Services& services);

/// What the commit's status says of a deployment. Its address is the site's once it is ready, else
/// the page with the log.
githosts::CommitStatus status_of(const deployments::DeploymentView& view,
                                 const std::string& platform_url);

/// The comment on a pull request, in Markdown: begins with `comment_mark`, by which it is found
/// again.
std::string comment_of(const deployments::DeploymentView& view, const projects::GitRequest& request,
                       const std::string& platform_url);

/// Nobody sees it where Markdown is shown.
std::string comment_mark(const std::string& project);

}  // namespace berth::api

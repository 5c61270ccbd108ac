#include "api/previews.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "deployments/deployments.hpp"
#include "githosts/host_client.hpp"
#include "projects/git_connection_store.hpp"
#include "projects/git_head_store.hpp"
#include "rules/repo_url.hpp"

namespace berth::api {
namespace {

using projects::Approval;
using projects::GitRequest;
using projects::RequestState;

constexpr std::int64_t links_at_once = 20;

GitRequest request_of(const std::string& project, const githosts::RequestChange& change) {
    const githosts::OpenRequest& told = change.request;
    return {.project = project,
            .number = told.number,
            .title = told.title,
            .author = told.author,
            .author_id = told.author_id,
            .branch = told.branch,
            .target = told.target,
            .commit = told.commit,
            .fork = told.fork,
            .state = change.closed ? RequestState::closed : RequestState::open};
}

/// The newest deployment of a ref, among the project's last 100.
Task<std::optional<deployments::DeploymentView>> newest_of(Services& services, std::string project,
                                                           std::string ref) {
    const deployments::DeploymentPage page = co_await services.deployments->list(project, 0, 100);
    for (const deployments::DeploymentView& one : page.items) {
        if (one.ref == ref) co_return one;
    }
    co_return std::nullopt;
}

Task<Result<deployments::DeploymentView>> deploy_request(Services& services, GitRequest request,
                                                         std::string actor) {
    const std::string ref = ref_of(request);
    const std::string project = request.project;
    const auto newest = co_await newest_of(services, project, ref);
    if (newest && newest->commit == request.commit) co_return *newest;
    deployments::NewDeployment wanted{.project = request.project,
                                      .ref = ref,
                                      .commit = request.commit,
                                      .trigger = deployments::Trigger::push,
                                      .actor = std::move(actor),
                                      .fork = true};
    co_return co_await services.deployments->create(std::move(wanted));
}

Task<> take_down(Services& services, GitRequest request) {
    const std::string ref = ref_of(request);
    const std::string project = request.project;
    const auto others = co_await services.git_requests->open_of(project, ref);
    if (!others.empty()) co_return;
    const std::string actor = fmt::format("pull request {}", request.number);
    co_await services.deployments->take_down(project, ref, actor);
}

/// False: there was more to do than fits into one round.
Task<bool> heed_heads(Services& services, const std::string& project,
                      const std::vector<githosts::BranchHead>& heads) {
    const projects::HeadChanges changes = co_await services.git_heads->compare(project, heads);
    for (const std::string& branch : changes.gone)
        co_await heed_deleted_branch(services, project, branch);
    std::size_t missed = 0;
    for (const githosts::BranchHead& head : changes.missed) {
        if (!rules::is_commit_id(head.commit) || !rules::is_ref_name(head.name)) continue;
        const std::string branch = head.name;
        const std::string refused = co_await services.deployments->refuses_branch(project, branch);
        if (!refused.empty()) continue;
        if (++missed > missed_max) co_return false;
        deployments::NewDeployment wanted{.project = project,
                                          .ref = head.name,
                                          .commit = head.commit,
                                          .reuse = true,
                                          .trigger = deployments::Trigger::push,
                                          .actor = "missed push"};
        const auto made = co_await services.deployments->create(std::move(wanted));
        if (made) log::info("missed push", {{"project", project}, {"deployment", made->id}});
    }
    co_return true;
}

Task<> heed_open(Services& services, const std::string& project,
                 const std::vector<githosts::OpenRequest>& open) {
    std::set<std::int64_t> there;
    for (const githosts::OpenRequest& request : open) {
        there.insert(request.number);
        githosts::RequestChange change{.closed = false, .request = request};
        co_await heed_request(services, project, std::move(change));
    }
    const std::vector<GitRequest> known = co_await services.git_requests->open(project);
    for (GitRequest request : known) {
        if (there.contains(request.number)) continue;
        request.state = RequestState::closed;
        const GitRequest closed = co_await services.git_requests->keep(std::move(request));
        co_await take_down(services, closed);
    }
}

}  // namespace

Task<> heed_request(Services& services, std::string project, githosts::RequestChange change) {
    GitRequest told = request_of(project, change);
    const GitRequest kept = co_await services.git_requests->keep(std::move(told));
    if (kept.state == RequestState::closed) {
        co_await take_down(services, kept);
        co_return;
    }
    if (!kept.fork) {
        // A request that is opened after its branch was deployed.
        if (kept.comment_id.empty()) {
            co_await services.git_requests->mark_newest(project, kept.branch);
        }
        co_return;
    }
    if (kept.approval != Approval::approved || !rules::is_commit_id(kept.commit)) co_return;
    const std::string author = kept.author.empty() ? "pull request" : kept.author;
    const auto made = co_await deploy_request(services, kept, author);
    if (!made) log::warning("request not deployed", {{"why", made.error().message}});
}

Task<> heed_deleted_branch(Services& services, std::string project, std::string branch) {
    co_await services.deployments->take_down(project, branch, "branch deleted");
}

Task<Result<deployments::DeploymentView>> approve_request(Services& services, std::string project,
                                                          std::int64_t number,
                                                          projects::Actor actor) {
    const Result<GitRequest> approved =
        co_await services.git_requests->approve(project, number, actor);
    if (!approved) co_return approved.error();
    if (!rules::is_commit_id(approved->commit)) {
        co_return fail_as(Failure::conflict, "nothing_to_approve", "",
                          "its Git host does not tell which commit it is: it cannot be built");
    }
    const GitRequest request = *approved;
    co_return co_await deploy_request(services, request, actor.name);
}

Task<> reconcile_link(Services& services, projects::GitLink link) {
    const std::string connection = link.connection;
    const std::string id = link.project;
    const auto open = co_await services.git_connections->open(connection);
    co_await services.git_connections->set_reconciled(id);
    if (!open) co_return;
    const githosts::HostAccess& access = open->access;
    const auto heads = co_await services.git_hosts->branches(access, link.repository);
    if (!heads) co_return;
    if (co_await heed_heads(services, id, *heads)) co_await services.git_heads->keep(id, *heads);
    const auto requests = co_await services.git_hosts->open_requests(access, link.repository);
    if (requests) co_await heed_open(services, id, *requests);
}

Task<> reconcile_links(Services& services) {
    const std::int64_t before = services.now_ms() - reconcile_ms;
    const auto links = co_await services.git_connections->unreconciled(before, links_at_once);
    for (const projects::GitLink& link : links)
        co_await reconcile_link(services, link);
}

}  // namespace berth::api

// The pull and merge requests of a linked project, and the word that lets a stranger's be built.
#include <charconv>

#include "api/body.hpp"
#include "api/paging.hpp"
#include "api/previews.hpp"
#include "api/routes.hpp"
#include "deployments/deployments.hpp"
#include "deployments/host_names.hpp"

namespace berth::api {

struct GitRequestView {
    std::string id{};  // of the list: the number, so that it sorts
    std::int64_t number = 0;
    std::string title{};
    std::string author{};
    std::string branch{};
    std::string target{};
    std::string commit{};
    bool fork = false;
    projects::Approval approval{};
    std::string approved_by{};
    std::string url{};  // of the preview, if there is one
    std::int64_t updated_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(GitRequestView, (),
                      (id, number, title, author, branch, target, commit, fork, approval,
                       approved_by, url, updated_at_ms))

namespace {

GitRequestView view_of(const Services& services, const std::string& project_name,
                       const projects::GitRequest& request) {
    const std::string host =
        deployments::branch_host(project_name, ref_of(request), services.config.base_host);
    return {.id = fmt::format("{:020}", request.number),
            .number = request.number,
            .title = request.title,
            .author = request.author,
            .branch = request.branch,
            .target = request.target,
            .commit = request.commit,
            .fork = request.fork,
            .approval = request.approval,
            .approved_by = request.approved_by,
            .url = request.approval == projects::Approval::waiting ? ""
                                                                   : services.config.site_url(host),
            .updated_at_ms = request.updated_at_ms};
}

/// GET /api/v1/projects/{project}/git/requests: the open ones, newest first
Task<Result<http::Response>> list_requests(Services& services, Context& context) {
    const std::string filter = "git_requests/" + context.project.id;
    const Result<Page> page = page_of(context.request, filter);
    if (!page) co_return page.error();
    const std::string project = context.project.id;
    const auto open = co_await services.git_requests->open(project);
    boost::json::array items;
    for (const projects::GitRequest& request : open)
        items.push_back(json::from(view_of(services, context.project.name, request)));
    co_return page_response(items, Order::newest_first, *page, filter);
}

/// POST /api/v1/projects/{project}/git/requests/{number}/approve: builds a stranger's request,
/// without secrets, and what its author sends from now on.
///
/// 201:    Deployment
/// Errors: not_found; conflict — nothing_to_approve; unavailable — disk_full
Task<Result<http::Response>> approve(Services& services, Context& context) {
    const std::string_view text = context.at("number");
    std::int64_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc() || end != text.data() + text.size()) {
        co_return fail(Failure::not_found, "no such pull request");
    }
    const std::string project = context.project.id;
    const projects::Actor actor{context.caller.user.id, context.caller.actor()};
    const auto made = co_await approve_request(services, project, number, actor);
    if (!made) co_return made.error();
    co_return http::json_response(201, *made);
}

using enum http::Verb;

constexpr Route table[] = {
    {get, "/api/v1/projects/{project}/git/requests", Policy::project_read, list_requests,
     "limit cursor"},
    {post, "/api/v1/projects/{project}/git/requests/{number}/approve", Policy::project_deploy,
     approve},
};

}  // namespace

std::span<const Route> git_request_routes() {
    return table;
}

}  // namespace berth::api

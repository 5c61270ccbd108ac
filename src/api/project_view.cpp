#include "api/project_view.hpp"

namespace berth::api {
namespace {

ProjectView view_of(const Services& services, const projects::ProjectDetails& details) {
    ProjectView view;
    copy_common(details.project, view);
    view.credential = details.credential;
    view.access = details.access;
    view.url = services.config.site_url(services.projects.host_of(details.project.name));
    view.production = details.production;
    return view;
}

}  // namespace

Task<std::vector<ProjectView>> project_views(Services& services,
                                             std::vector<projects::ProjectDetails> found) {
    std::vector<ProjectView> views;
    std::vector<std::string> ids;
    for (const projects::ProjectDetails& details : found) {
        views.push_back(view_of(services, details));
        ids.push_back(details.project.id);
    }
    if (!services.latest_deployments || ids.empty()) co_return views;
    const std::map<std::string, json::value> latest = co_await services.latest_deployments(ids);
    for (ProjectView& view : views) {
        const auto newest = latest.find(view.id);
        if (newest != latest.end()) view.latest = newest->second;
    }
    co_return views;
}

}  // namespace berth::api

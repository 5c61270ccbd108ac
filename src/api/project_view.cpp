#include "api/project_view.hpp"

namespace berth::api {
namespace {

ProjectView view_of(const Services& services, const projects::ProjectDetails& details) {
    const projects::Project& project = details.project;
    return {.id = project.id,
            .name = project.name,
            .repo_url = project.repo_url,
            .branch = project.branch,
            .root = project.root,
            .framework = project.framework,
            .install_command = project.install_command,
            .build_command = project.build_command,
            .output_dir = project.output_dir,
            .node = project.node,
            .supersede = project.supersede,
            .keep_sources = project.keep_sources,
            .credential = details.credential,
            .created_at_ms = project.created_at_ms,
            .url = services.config.site_url(services.projects.host_of(project.name)),
            .production = details.production,
            .latest = nullptr};
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

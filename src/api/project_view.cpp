#include "api/project_view.hpp"

#include "db/database.hpp"
#include "db/records.hpp"

namespace berth::api {

struct TeamSlug {
    std::string id{};
    std::string slug{};
};
BOOST_DESCRIBE_STRUCT(TeamSlug, (), (id, slug))

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

/// Of the teams that projects belong to: there are fewer than projects.
Task<std::map<std::string, std::string>> slugs_of(
    Services& services, const std::vector<projects::ProjectDetails>& found) {
    const auto look = [&](soci::session& sql) {
        std::map<std::string, std::string> slugs;
        for (const projects::ProjectDetails& details : found) {
            const std::string& team = details.project.team;
            if (slugs.contains(team)) continue;
            const auto row = db::select_one<TeamSlug>(sql, "from teams where id = :id", team);
            slugs[team] = row ? row->slug : team;
        }
        return slugs;
    };
    co_return co_await services.database.read(look);
}

}  // namespace

Task<std::vector<ProjectView>> project_views(Services& services,
                                             std::vector<projects::ProjectDetails> found) {
    std::vector<ProjectView> views;
    std::vector<std::string> ids;
    const std::map<std::string, std::string> slugs = co_await slugs_of(services, found);
    for (const projects::ProjectDetails& details : found) {
        views.push_back(view_of(services, details));
        views.back().git_url = fmt::format("{}/git/{}/{}.git", services.config.platform_url,
                                           slugs.at(details.project.team), details.project.name);
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

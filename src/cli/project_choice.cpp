#include "cli/project_choice.hpp"

#include "base/process.hpp"
#include "cli/link.hpp"
#include "cli/remote_project.hpp"
#include "cli/view.hpp"
#include "rules/repo_url.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t candidates_max = 20;
constexpr std::chrono::milliseconds git_limit{2'000};

/// The address without what two spellings of it may differ in.
std::string comparable(const std::string& url) {
    const Result<rules::RepoUrl> parsed = rules::parse_repo_url(url);
    std::string text = parsed ? parsed->host + "/" + parsed->path : url;
    if (text.ends_with(".git")) text.resize(text.size() - 4);
    return text;
}

/// The addresses of a directory's Git remotes, `origin` first; none outside of a repository.
std::vector<std::string> git_remotes(const Environment& environment, const std::string& directory) {
    std::vector<std::string> plain = {"PATH=" + environment.path, "HOME=" + variable("HOME"),
                                      "LC_ALL=C"};
    const auto git = [&](std::vector<std::string> argv) -> std::string {
        const Command command{
            .argv = std::move(argv), .environment = plain, .directory = directory};
        const Result<Ended> ended = run_blocking(command, git_limit);
        if (!ended || ended->exit_code != 0) return {};
        return ended->output.substr(0, ended->output.find('\n'));
    };
    std::vector<std::string> urls;
    if (std::string origin = git({"git", "remote", "get-url", "origin"}); !origin.empty()) {
        urls.push_back(std::move(origin));
        return urls;
    }
    const std::string first = git({"git", "remote"});
    if (first.empty() || first.starts_with('-')) return urls;
    if (std::string url = git({"git", "remote", "get-url", first}); !url.empty()) {
        urls.push_back(std::move(url));
    }
    return urls;
}

std::vector<std::string> names_of(const json::bj::array& projects) {
    std::vector<std::string> names;
    for (const json::value& project : projects)
        names.push_back(text(project, "name"));
    return names;
}

Problem ambiguous(const std::vector<std::string>& names) {
    Problem said = problem(Exit::not_found, "ambiguous_project",
                           "which project? There are several; choose one with -p");
    for (const std::string& name : names) {
        if (said.next.size() == candidates_max) break;
        said.next.push_back({.label = "one of them", .command = "-p " + name});
    }
    return said;
}

Project project_of(const json::value& body) {
    return {.name = text(body, "name"), .body = body};
}

/// The one project of the first remote that has any.
Outcome<std::optional<Project>> find_by_remote(Session& session, const json::bj::array& all,
                                               const std::vector<std::string>& remotes) {
    for (const std::string& remote : remotes) {
        json::bj::array same;
        for (const json::value& project : all) {
            if (comparable(text(project, "repo_url")) == comparable(remote)) {
                same.push_back(project);
            }
        }
        if (same.size() > 1) return ambiguous(names_of(same));
        if (same.empty()) continue;
        Outcome<Project> found = find_project(session, text(same.front(), "name"));
        if (!found) return found.error();
        return std::optional<Project>(std::move(*found));
    }
    return std::optional<Project>();
}

}  // namespace

Outcome<Project> find_project(Session& session, const std::string& name) {
    const Outcome<Answer> answer = session.get("/projects/" + path_part(name));
    if (!answer) {
        Problem said = answer.error();
        if (said.status == 404) {
            said.detail = fmt::format("there is no project '{}'", name);
            said.next = {{.label = "see which there are", .command = "berth projects list"}};
        }
        return said;
    }
    Project found = project_of(answer->body);
    found.etag = answer->etag;
    if (found.name.empty()) found.name = name;
    return found;
}

Outcome<Project> choose_project(Context& context, Session& session) {
    const std::string& named =
        context.options.project.empty() ? context.environment.project : context.options.project;
    if (!named.empty()) return find_project(session, named);
    if (const auto linked = linked_project("", session.server()))
        return find_project(session, *linked);

    const Outcome<json::bj::array> all = session.get_all("/projects");
    if (!all) return all.error();
    if (all->empty()) {
        return problem(Exit::not_found, "no_project", "there is no project yet", "make one",
                       "berth import URL");
    }
    Outcome<std::optional<Project>> of_remote =
        find_by_remote(session, *all, git_remotes(context.environment, ""));
    if (!of_remote) return of_remote.error();
    if (*of_remote) return std::move(**of_remote);
    if (all->size() == 1) return find_project(session, text(all->front(), "name"));
    return ambiguous(names_of(*all));
}

Outcome<std::optional<Project>> project_of_remote(Context& context, Session& session,
                                                  const std::string& directory) {
    if (const auto linked = linked_project(directory, session.server())) {
        Outcome<Project> found = find_project(session, *linked);
        if (!found) return found.error();
        return std::optional<Project>(std::move(*found));
    }
    const std::vector<std::string> remotes = git_remotes(context.environment, directory);
    if (remotes.empty()) return std::optional<Project>();
    const Outcome<json::bj::array> all = session.get_all("/projects");
    if (!all) return all.error();
    return find_by_remote(session, *all, remotes);
}

Outcome<json::value> newest_deployment(Session& session, const std::string& project) {
    const Outcome<Answer> answer =
        session.get(fmt::format("/projects/{}/deployments?limit=1", path_part(project)));
    if (!answer) return answer.error();
    const json::bj::array& items = list(answer->body, "items");
    if (items.empty()) {
        return problem(Exit::not_found, "no_deployment",
                       fmt::format("'{}' has no deployment yet", project), "start one",
                       "berth deploy -p " + project);
    }
    return items.front();
}

Outcome<std::string> choose_deployment(Context& context, Session& session,
                                       const std::string& given) {
    if (!given.empty()) return given;
    const Outcome<Project> project = choose_project(context, session);
    if (!project) return project.error();
    const Outcome<json::value> newest = newest_deployment(session, project->name);
    if (!newest) return newest.error();
    return text(*newest, "id");
}

}  // namespace berth::cli

#include "cli/directory_project.hpp"

#include <filesystem>

#include "cli/draft.hpp"
#include "cli/remote_project.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

/// "/home/ada/My Shop/" → "my-shop"
std::string name_of_directory(const std::string& directory) {
    std::error_code unknown;
    const auto here = std::filesystem::canonical(directory, unknown);
    return name_from("/" + here.filename().string());
}

Outcome<DirectoryProject> make(Context& context, Session& session, const std::string& name) {
    const Outcome<bool> agreed =
        context.terminal.confirm(fmt::format("There is no project '{}'. Make it?", name));
    if (!agreed) return agreed.error();
    if (!*agreed) {
        return problem(Exit::not_found, "no_project", "nothing was made, nothing was deployed",
                       "choose one with -p", "berth projects list");
    }
    const Outcome<json::value> made = create_project(session, {{"name", name}});
    if (!made) return made.error();
    context.output.note(fmt::format("Made the project {}.", name));
    return DirectoryProject{{.name = text(*made, "name"), .body = *made}, true};
}

Outcome<DirectoryProject> find_or_make(Context& context, Session& session,
                                       const std::string& name) {
    Outcome<Project> found = find_project(session, name);
    if (found) return DirectoryProject{std::move(*found), false};
    if (found.error().status != 404) return found.error();
    return make(context, session, name);
}

}  // namespace

Outcome<DirectoryProject> project_of_directory(Context& context, Session& session,
                                               const std::string& directory) {
    const std::string& named =
        context.options.project.empty() ? context.environment.project : context.options.project;
    if (!named.empty()) return find_or_make(context, session, named);
    Outcome<std::optional<Project>> of_remote = project_of_remote(context, session, directory);
    if (!of_remote) return of_remote.error();
    if (*of_remote) return DirectoryProject{std::move(**of_remote), false};
    const std::string name = name_of_directory(directory);
    if (name.empty()) return usage("the directory gives no name for a project: choose one with -p");
    return find_or_make(context, session, name);
}

}  // namespace berth::cli

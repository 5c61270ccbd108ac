#include "cli/link.hpp"

#include <filesystem>

#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t link_bytes_max = 4096;

Outcome<> link_it(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const std::string id = text(project->body, "id");
    if (const Outcome<> ok = write_link(".", (*session)->server(), id); !ok) return ok;
    context.output.note(
        fmt::format("This directory and those below it are of {}. Keep .berth out "
                    "of Git: echo .berth >> .gitignore",
                    project->name));
    if (context.output.json()) {
        context.output.object(json::bj::object{{"project", id}, {"name", project->name}});
    } else {
        context.output.result(project->name);
    }
    return {};
}

Outcome<> unlink_it(Context& context) {
    if (!remove_link("."))
        return problem(Exit::not_found, "no_link", "this directory is not linked to a project");
    context.output.note("Unlinked.");
    return {};
}

}  // namespace

std::optional<std::string> linked_project(const std::string& directory, const std::string& server) {
    std::error_code broken;
    fs::path at = fs::canonical(directory.empty() ? "." : directory, broken);
    while (!broken && !at.empty()) {  // ends at the root
        const Result<std::string> bytes = read_file((at / link_file).string(), link_bytes_max);
        if (bytes) {
            const Result<json::value> link = json::parse(*bytes);
            // Another server's project has another's id: it is no answer here.
            if (!link || text(*link, "server") != server) return std::nullopt;
            const std::string project = text(*link, "project");
            return project.empty() ? std::nullopt : std::optional(project);
        }
        if (at == at.root_path()) break;
        at = at.parent_path();
    }
    return std::nullopt;
}

Outcome<> write_link(const std::string& directory, const std::string& server,
                     const std::string& project) {
    const fs::path file = fs::path(directory) / link_file;
    const json::bj::object link{{"server", server}, {"project", project}};
    try {
        fs::create_directories(file.parent_path());
        write_file(file.string(), json::bj::serialize(link) + "\n", 0644);
    } catch (const std::exception& refused) {
        return problem(Exit::failure, "not_written", refused.what());
    }
    return {};
}

bool remove_link(const std::string& directory) {
    std::error_code broken;
    return fs::remove(fs::path(directory) / link_file, broken);
}

void add_link(CLI::App& app, Parsed& parsed) {
    CLI::App* made = add_command(
        app, "link", "Have commands in this directory mean a project, without -p",
        {{"berth link -p shop", "remembered in .berth/project.json"}, {"berth link --json", ""}});
    on_run(made, parsed, link_it);
    CLI::App* gone = add_command(app, "unlink", "Forget the project of this directory",
                                 {{"berth unlink", ""}, {"berth unlink -q", ""}});
    on_run(gone, parsed, unlink_it);
}

}  // namespace berth::cli

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"
#include "http/message.hpp"

namespace berth::cli {

namespace {

struct BadgeFlags {
    std::string branch{};
};

/// Prints the address of the picture.
Outcome<> print(Context& context, const json::value& badge, const std::string& branch) {
    if (context.output.json()) {
        context.output.object(badge);
        return {};
    }
    const std::string url = text(badge, "url");
    if (url.empty()) {
        return problem(Exit::not_found, "no_badge", "the project has no badge", "make one",
                       "berth badge on");
    }
    const std::string query = branch.empty() ? "" : "?branch=" + http::percent_encode(branch);
    context.output.result(url + query);
    return {};
}

Outcome<std::string> path_of(Context& context, Session& session) {
    const Outcome<Project> project = choose_project(context, session);
    if (!project) return project.error();
    return fmt::format("/projects/{}/badge", path_part(project->name));
}

Outcome<> show(Context& context, const BadgeFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session);
    if (!path) return path.error();
    const Outcome<Answer> badge = (*session)->get(*path);
    if (!badge) return badge.error();
    return print(context, badge->body, flags.branch);
}

Outcome<> turn_on(Context& context, const BadgeFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session);
    if (!path) return path.error();
    const Outcome<Answer> badge = (*session)->post(*path, json::bj::object{});
    if (!badge) return badge.error();
    context.output.note("Whoever has this address sees how the project does.");
    return print(context, badge->body, flags.branch);
}

Outcome<> turn_off(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session);
    if (!path) return path.error();
    const Outcome<Answer> gone = (*session)->remove(*path);
    if (!gone) return gone.error();
    context.output.note("The badge's address has ended.");
    return {};
}

std::shared_ptr<BadgeFlags> add_branch(CLI::App* command) {
    const auto flags = std::make_shared<BadgeFlags>();
    command->add_option("--branch", flags->branch, "Branch (default: production's)")
        ->type_name("BRANCH");
    return flags;
}

}  // namespace

void add_badge(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "badge", "A picture that says how the project does");
    CLI::App* shown = add_command(
        noun, "show", "Print its address, if there is one",
        {{"berth badge show -p shop", ""}, {"berth badge show --branch next", "of a branch"}});
    on_run(shown, parsed, add_branch(shown), show);
    CLI::App* made = add_command(
        noun, "on", "Make one at a new address, which ends the old one",
        {{"berth badge on -p shop", "for a README"}, {"berth badge on --json", "one object"}});
    on_run(made, parsed, add_branch(made), turn_on);
    CLI::App* gone = add_command(noun, "off", "End its address",
                                 {{"berth badge off -p shop", ""}, {"berth badge show", ""}});
    on_run(gone, parsed, turn_off);
}

}  // namespace berth::cli

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

Outcome<> print(Context& context, const json::value& hook) {
    if (context.output.json()) {
        context.output.object(hook);
        return {};
    }
    const std::string url = text(hook, "url");
    if (url.empty()) {
        return problem(Exit::not_found, "no_hook", "this project has no deploy hook", "make one",
                       "berth hook rotate");
    }
    context.output.result(url);
    return {};
}

Outcome<> show(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> hook =
        (*session)->get(fmt::format("/projects/{}/hook", path_part(project->name)));
    if (!hook) return hook.error();
    return print(context, hook->body);
}

Outcome<> rotate(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> hook = (*session)->post(
        fmt::format("/projects/{}/hook", path_part(project->name)), json::bj::object{});
    if (!hook) return hook.error();
    context.output.note("The old address no longer works.");
    return print(context, hook->body);
}

}  // namespace

void add_hook(CLI::App& app, Parsed& parsed) {
    CLI::App& noun =
        *add_noun(app, "hook", "The secret address that deploys a project when called");
    CLI::App* shown = add_command(
        noun, "show", "Print the address",
        {{"berth hook show -p shop", ""}, {"curl -X POST \"$(berth hook show)\"", "deploys"}});
    on_run(shown, parsed, show);
    CLI::App* rotated = add_command(noun, "rotate", "Make a new address; the old one stops working",
                                    {{"berth hook rotate -p shop", "prints the new address"},
                                     {"berth hook rotate --json", "one object"}});
    on_run(rotated, parsed, rotate);
}

}  // namespace berth::cli

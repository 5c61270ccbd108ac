#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

Problem no_hook() {
    return problem(Exit::not_found, "no_hook", "this project has no deploy hook", "make one",
                   "berth hook rotate");
}

Outcome<> print(Context& context, const json::value& hook) {
    if (context.output.json()) {
        context.output.object(hook);
        return {};
    }
    const std::string url = text(hook, "url");
    if (url.empty()) return no_hook();
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

/// The address is on the server that we are signed in to, whatever name it says there.
Outcome<> trigger(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> hook =
        (*session)->get(fmt::format("/projects/{}/hook", path_part(project->name)));
    if (!hook) return hook.error();
    const std::string url = text(hook->body, "url");
    if (url.empty()) return no_hook();
    const Outcome<Answer> started = (*session)->post(
        "/hooks/deploy/" + path_part(url.substr(url.rfind('/') + 1)), json::bj::object{});
    if (!started) return started.error();
    if (context.output.json()) {
        context.output.object(started->body);
    } else {
        context.output.result(text(started->body, "id"));
    }
    return {};
}

}  // namespace

void add_hook(CLI::App& app, Parsed& parsed) {
    CLI::App& noun =
        *add_noun(app, "hook", "The secret address that deploys a project when called");
    also(&noun, {"hooks"});
    CLI::App* shown = add_command(
        noun, "show", "Print the address",
        {{"berth hook show -p shop", ""}, {"curl -X POST \"$(berth hook show)\"", "deploys"}});
    also(shown, {"list"});
    on_run(shown, parsed, show);
    CLI::App* rotated = add_command(noun, "rotate", "Make a new address; the old one stops working",
                                    {{"berth hook rotate -p shop", "prints the new address"},
                                     {"berth hook rotate --json", "one object"}});
    also(rotated, {"add"});
    on_run(rotated, parsed, rotate);

    CLI::App* called =
        add_command(noun, "trigger", "Deploy the production branch, as a call of the address does",
                    {{"berth hook trigger -p shop", "prints the deployment"},
                     {"berth hook trigger --json", "as the API has it"}});
    on_run(called, parsed, trigger);
}

}  // namespace berth::cli

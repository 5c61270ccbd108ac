#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

struct DeployFlags {
    std::string ref{};
    bool no_reuse = false;
    bool no_cache = false;
    Waiting waiting{};
};

Outcome<> deploy(Context& context, const DeployFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    json::bj::object wanted;
    if (!flags.ref.empty()) wanted["ref"] = flags.ref;
    if (flags.no_reuse) wanted["reuse"] = false;
    if (flags.no_cache) wanted["use_caches"] = false;
    const Outcome<Answer> started =
        (*session)->post(fmt::format("/projects/{}/deployments", path_part(project->name)), wanted);
    if (!started) return started.error();
    return see_through(context, **session, started->body, project->name, flags.waiting);
}

}  // namespace

void add_deploy(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "deploy", "Build and publish the newest commit of a branch, and wait for it",
        {{"berth deploy", "the production branch of this directory's project"},
         {"berth deploy -p shop --ref feature/cart", "another branch: a preview"},
         {"url=$(berth deploy -q)", "stdout is the address alone"}});
    const auto flags = std::make_shared<DeployFlags>();
    command->add_option("--ref", flags->ref, "Branch, tag or commit instead of the branch's head")
        ->type_name("R");
    command->add_flag("--no-reuse", flags->no_reuse,
                      "Run every step, also where nothing changed since an earlier deployment");
    command->add_flag("--no-cache", flags->no_cache,
                      "Use nothing that earlier builds left; replaces it");
    command->add_flag("--no-wait", flags->waiting.no_wait, "Print the address and do not wait");
    command->add_flag("--cancel-on-interrupt", flags->waiting.cancel_on_interrupt,
                      "Ctrl-C cancels the deployment instead of leaving it to run");
    on_run(command, parsed, flags, deploy);
}

}  // namespace berth::cli

#include <algorithm>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/directory_project.hpp"
#include "cli/draft.hpp"
#include "cli/local_tree.hpp"
#include "cli/project_choice.hpp"
#include "cli/upload.hpp"

namespace berth::cli {

namespace {

struct DeployFlags {
    std::string directory{};  // "": what the project's repository has
    std::string prebuilt{};
    std::vector<std::string> include{};
    std::string message{};
    std::string ref{};
    bool production = false;
    bool no_reuse = false;
    bool no_cache = false;
    std::vector<std::string> variables{};
    std::vector<std::string> plain_variables{};
    Waiting waiting{};

    bool uploads() const { return !directory.empty() || !prebuilt.empty(); }
};

/// "K=V" or "K", as the API takes variables of one deployment.
Outcome<json::bj::array> variables_of(const DeployFlags& flags) {
    json::bj::array variables;
    for (const bool sensitive : {true, false}) {
        for (const std::string& given : sensitive ? flags.variables : flags.plain_variables) {
            const Outcome<json::value> one =
                variable_of(given, sensitive ? "-e" : "--plain-env", "", sensitive);
            if (!one) return one.error();
            variables.push_back(json::bj::object{{"key", text(*one, "key")},
                                                 {"value", text(*one, "value")},
                                                 {"sensitive", sensitive}});
        }
    }
    return variables;
}

Outcome<json::bj::object> wanted_of(const DeployFlags& flags) {
    json::bj::object wanted;
    Outcome<json::bj::array> variables = variables_of(flags);
    if (!variables) return variables.error();
    if (!variables->empty()) wanted["variables"] = std::move(*variables);
    if (!flags.ref.empty()) wanted["ref"] = flags.ref;
    if (flags.no_reuse) wanted["reuse"] = false;
    if (flags.no_cache) wanted["use_caches"] = false;
    return wanted;
}

Outcome<> start(Context& context, Session& session, const std::string& project,
                const json::bj::object& wanted, const Waiting& waiting) {
    const Outcome<Answer> started =
        session.post(fmt::format("/projects/{}/deployments", path_part(project)), wanted);
    if (!started) return started.error();
    return see_through(context, session, started->body, project, waiting);
}

/// Without --prod and --ref it goes to a preview: of the branch that is checked out, or of
/// "upload", where that is the one that production is of.
std::string preview_ref(const LocalTree& tree, const Project& project) {
    const std::string production = text(project.body, "branch");
    if (!tree.branch.empty() && tree.branch != production) return tree.branch;
    return production == "upload" ? "upload-preview" : "upload";
}

void say_kept_back(Context& context, const LocalTree& tree) {
    constexpr std::size_t shown_max = 5;
    if (tree.ignored > 0) {
        context.output.note(
            fmt::format("{} files stay here, as .berthignore or .vercelignore say", tree.ignored));
    }
    if (tree.kept_back.empty()) return;
    std::string names;
    for (const std::string& path : tree.kept_back) {
        if (std::count(names.begin(), names.end(), ',') + 1 == shown_max) {
            names += fmt::format(", … ({} in all)", tree.kept_back.size());
            break;
        }
        names += (names.empty() ? "" : ", ") + printable(path, Colour::strip);
    }
    context.output.note(fmt::format("Kept back: {}; --include NAME takes one along", names),
                        Style::yellow);
}

Outcome<> deploy_directory(Context& context, Session& session, const DeployFlags& flags,
                           json::bj::object wanted) {
    const std::string directory = flags.directory.empty() ? "." : flags.directory;
    const TreeWish wish{directory, flags.prebuilt, flags.include};
    const auto tick = [&] { context.output.status("reading the directory"); };
    Outcome<LocalTree> tree = read_local_tree(wish, tick);
    context.output.status("");
    if (!tree) return tree.error();
    if (!flags.message.empty()) tree->message = flags.message;
    say_kept_back(context, *tree);

    const Outcome<DirectoryProject> project = project_of_directory(context, session, directory);
    if (!project) return project.error();
    const std::string& name = project->project.name;
    const Outcome<std::string> id = upload(context, session, name, *tree);
    if (!id) return id.error();
    wanted["upload"] = *id;
    if (!tree->prebuilt.empty()) wanted["prebuilt"] = tree->prebuilt;
    // What is made by its first deployment is meant to be seen.
    if (flags.ref.empty() && !flags.production && !project->is_new) {
        wanted["ref"] = preview_ref(*tree, project->project);
    }
    return start(context, session, name, wanted, flags.waiting);
}

Outcome<> deploy(Context& context, const DeployFlags& flags) {
    if (!flags.uploads() &&
        (flags.production || !flags.include.empty() || !flags.message.empty())) {
        return usage("--prod, --include and --message go with a directory: berth deploy DIR --prod",
                     "berth deploy --help");
    }
    const Outcome<json::bj::object> wanted = wanted_of(flags);
    if (!wanted) return wanted.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    if (flags.uploads()) return deploy_directory(context, **session, flags, *wanted);
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    return start(context, **session, project->name, *wanted, flags.waiting);
}

}  // namespace

void add_deploy(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "deploy",
        "Build and publish a directory, or the newest commit of a branch, and wait for it",
        {{"berth deploy", "the production branch of this directory's project"},
         {"berth deploy -p shop --ref feature/cart", "another branch: a preview"},
         {"berth deploy -e API_KEY --plain-env VITE_API=https://api.example", "just this time"},
         {"berth deploy . ", "this directory as it is: a preview"},
         {"berth deploy . --prod", "and live"},
         {"berth deploy --prebuilt dist --prod", "what was built here, without a build"},
         {"url=$(berth deploy -q)", "stdout is the address alone"}});
    const auto flags = std::make_shared<DeployFlags>();
    command
        ->add_option("DIR", flags->directory,
                     "Upload this directory, instead of what the repository has")
        ->type_name("");
    command
        ->add_option("--prebuilt", flags->prebuilt,
                     "Upload this directory, which is the site as it is: nothing is built")
        ->type_name("DIR");
    CLI::Option* production = command->add_flag(
        "--prod", flags->production, "A directory goes to production instead of to a preview");
    command
        ->add_option("--include", flags->include,
                     "A path that travels though it is kept back (.env files, node_modules)")
        ->allow_extra_args(false)
        ->type_name("PATH");
    command->add_option("-m,--message", flags->message, "What to show instead of the commit's")
        ->type_name("TEXT");
    command->add_option("--ref", flags->ref, "Branch, tag or commit instead of the branch's head")
        ->type_name("R")
        ->excludes(production);
    add_repeated(command, "-e,--env", flags->variables,
                 "Variable of this deployment alone, sensitive; K alone takes it from the "
                 "environment");
    add_repeated(command, "--plain-env", flags->plain_variables,
                 "The same for one that may be seen, in the log and in the site");
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

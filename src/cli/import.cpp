#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/draft.hpp"
#include "cli/inspection.hpp"

namespace berth::cli {

namespace {

struct ImportFlags {
    DraftFlags draft{};
    Waiting waiting{};
};

/// "  build command   npm run build      package.json has a build script"
void show_planned(Context& context, const json::value& found, std::string_view key,
                  std::string_view label) {
    const json::value* planned = member(found, key);
    if (planned == nullptr || !planned->is_object()) return;
    const std::string value = printable(text(*planned, "value"), Colour::strip);
    const std::string reason = printable(text(*planned, "reason"), Colour::strip);
    if (value.empty() && reason.empty()) return;
    context.output.note(
        fmt::format("  {:<16} {:<24} {}", label, value.empty() ? "none" : value, reason));
}

void show_found(Context& context, const json::value& found) {
    context.output.note("Found:", Style::bold);
    show_planned(context, found, "framework", "framework");
    show_planned(context, found, "workspace", "workspace");
    show_planned(context, found, "package_manager", "package manager");
    show_planned(context, found, "node", "node");
    show_planned(context, found, "install_command", "install command");
    show_planned(context, found, "build_command", "build command");
    show_planned(context, found, "output_dir", "output directory");
    for (const json::value& warning : list(found, "warnings")) {
        if (warning.is_string())
            context.output.note("  " + printable(std::string(warning.get_string()), Colour::strip),
                                Style::yellow);
    }
    std::string roots;
    for (const json::value& root : list(found, "root_candidates")) {
        if (root.is_string() && !root.get_string().empty()) {
            roots += (roots.empty() ? "" : ", ") + std::string(root.get_string());
        }
    }
    if (!roots.empty()) {
        context.output.note(
            fmt::format("  {:<16} {:<24} choose with --root", "other roots", roots));
    }
}

/// What a look at the repository found; null when there was nobody to look.
Outcome<json::value> inspect(Context& context, Session& session, const DraftFlags& flags,
                             const json::value& credential) {
    json::bj::object body{{"repo_url", flags.url}};
    if (flags.branch) body["branch"] = *flags.branch;
    if (flags.root) body["root"] = *flags.root;
    if (!credential.is_null()) body["credential"] = credential;
    context.output.note(fmt::format("Looking at {} …", flags.url));
    const Outcome<Answer> answer = session.post("/inspect", body);
    if (answer) {
        show_found(context, answer->body);
        return answer->body;
    }
    const bool nobody = answer.error().exit == Exit::retryable && answer.error().status != 0 &&
                        !is_of_repository(answer.error().code);
    if (!nobody) return inspection_problem(answer.error());
    context.output.note(fmt::format("{}; the build will find out.", answer.error().detail),
                        Style::yellow);
    return json::value(nullptr);
}

Outcome<> import(Context& context, const ImportFlags& flags) {
    const DraftFlags& wanted = flags.draft;
    if (const Outcome<> ok = check(wanted); !ok) return ok;
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<json::value> credential = credential_of(context, **session, wanted);
    if (!credential) return credential.error();
    const Outcome<json::value> found = inspect(context, **session, wanted, *credential);
    if (!found) return found.error();

    const Outcome<json::bj::object> draft =
        draft_of(wanted, *credential, text(*found, "default_branch"));
    if (!draft) return draft.error();
    const Outcome<json::value> project = create_project(**session, *draft);
    if (!project) return project.error();
    const std::string name = text(*project, "name");
    context.output.note(fmt::format("Made the project {}.", name));

    const Outcome<Answer> started = (*session)->post(
        fmt::format("/projects/{}/deployments", path_part(name)), json::bj::object{});
    if (!started) {
        Problem said = started.error();
        said.next.push_back(
            {.label = "the project is there; deploy it", .command = "berth deploy -p " + name});
        return said;
    }
    return see_through(context, **session, started->body, name, flags.waiting);
}

}  // namespace

void add_import(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "import", "Make a project of a Git repository and put it live",
                    {{"berth import https://git.example/team/shop.git", ""},
                     {"berth import URL --root web --build-command \"npm run site\"", ""},
                     {"berth import URL --token-stdin < token", "a private repository"},
                     {"berth import URL -e API_URL=https://api.example", "with a variable"}});
    const auto flags = std::make_shared<ImportFlags>();
    add_draft_options(command, flags->draft);
    command->add_flag("--no-wait", flags->waiting.no_wait, "Print the address and do not wait");
    command->add_flag("--cancel-on-interrupt", flags->waiting.cancel_on_interrupt,
                      "Ctrl-C cancels the deployment instead of leaving it to run");
    on_run(command, parsed, flags, import);
}

}  // namespace berth::cli

#include "cli/previews.hpp"

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/git.hpp"
#include "cli/open.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t looked_at_max = 500;  // deployments, the newest first

struct RefFlags {
    std::string ref{};
};

Problem no_preview(const std::string& ref) {
    return problem(Exit::not_found, "no_preview", fmt::format("there is no preview of '{}'", ref),
                   "see which there are", "berth previews list");
}

/// The newest that is ready: what a visitor of the preview would want to see.
Outcome<> open_it(Context& context, const RefFlags& flags) {
    const Outcome<Previews> previews = look_at_previews(context);
    if (!previews) return previews.error();
    const auto found = previews->deployments.find(flags.ref);
    if (found == previews->deployments.end()) return no_preview(flags.ref);
    for (const json::value& item : found->second) {
        if (text(item, "state") != "ready") continue;
        open_address(context, text(item, "url"));
        return {};
    }
    const std::string id = text(found->second.front(), "id");
    return problem(Exit::conflict, "not_ready",
                   fmt::format("no deployment of '{}' is ready; the newest is {}", flags.ref,
                               text(found->second.front(), "state")),
                   "see why", "berth logs " + id);
}

Outcome<> remove(Context& context, const RefFlags& flags) {
    const Outcome<Previews> previews = look_at_previews(context);
    if (!previews) return previews.error();
    const auto found = previews->deployments.find(flags.ref);
    if (found == previews->deployments.end()) return no_preview(flags.ref);
    const Outcome<bool> sure =
        context.terminal.confirm(fmt::format("Delete {} deployment(s) of {} in {}?",
                                             found->second.size(), flags.ref, previews->project));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was deleted");
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    for (const json::value& item : found->second) {
        const Outcome<Answer> gone =
            (*session)->remove("/deployments/" + path_part(text(item, "id")));
        // Somebody else may be faster.
        if (!gone && gone.error().status != 404) return gone.error();
    }
    context.output.note(
        fmt::format("Deleted {} deployment(s) of {}.", found->second.size(), flags.ref));
    return {};
}

std::shared_ptr<RefFlags> add_ref(CLI::App* command) {
    const auto flags = std::make_shared<RefFlags>();
    command->add_option("REF", flags->ref, "Branch, or ref of a pull request")
        ->required()
        ->type_name("");
    return flags;
}

}  // namespace

Outcome<Previews> look_at_previews(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<json::bj::array> items = (*session)->get_all(
        fmt::format("/projects/{}/deployments", path_part(project->name)), looked_at_max);
    if (!items) return items.error();
    Previews found{.project = project->name};
    for (const json::value& item : *items) {
        if (text(item, "environment") != "preview") continue;
        const std::string ref = text(item, "ref");
        std::vector<json::value>& of_ref = found.deployments[ref];
        if (of_ref.empty()) found.refs.push_back(ref);
        of_ref.push_back(item);
    }
    return found;
}

void add_preview_actions(CLI::App& noun, Parsed& parsed) {
    CLI::App* opened =
        add_command(noun, "open", "Print the address of a branch's preview, and open it",
                    {{"berth previews open feature/cart", ""},
                     {"berth previews open feature/cart --json", ""}});
    on_run(opened, parsed, add_ref(opened), open_it);

    add_request_approval(noun, parsed);

    CLI::App* gone = add_command(noun, "rm", "Delete all deployments of a branch's preview",
                                 {{"berth previews rm feature/cart", "asks first"},
                                  {"berth previews rm feature/cart -y", "does not ask"}});
    on_run(gone, parsed, add_ref(gone), remove);
}

}  // namespace berth::cli

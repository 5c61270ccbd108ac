#include "cli/previews.hpp"

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct BranchFlags {
    std::string branch{};
};

/// "kept", "expires in 3 d", "expired 2 d ago", or "" for one that stays as long as its branch.
std::string age_words(const json::value& preview) {
    if (truth(preview, "kept")) return "kept";
    const std::int64_t now_ms = unix_now_ms();
    if (const auto at = number(preview, "expired_at_ms")) return "expired " + since(*at, now_ms);
    if (const auto at = number(preview, "expires_at_ms")) return "expires " + since(*at, now_ms);
    return "";
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/projects/{}/previews", path_part(project->name)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"BRANCH", "STATE", "DEPLOYED", "AGE", "URL"}};
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({printable(text(item, "ref"), Colour::strip), text(item, "state"),
                        since(number(item, "deployed_at_ms").value_or(0), unix_now_ms()),
                        age_words(item), text(item, "url")});
    }
    context.output.table(rows);
    return {};
}

Outcome<> change(Context& context, const std::string& branch, bool kept) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> changed =
        (*session)->put(fmt::format("/projects/{}/previews", path_part(project->name)),
                        json::bj::object{{"ref", branch}, {"kept", kept}});
    if (!changed) return changed.error();
    if (context.output.json()) {
        context.output.object(changed->body);
        return {};
    }
    context.output.note(kept ? fmt::format("The previews of {} stay, whatever their age.", branch)
                             : fmt::format("The previews of {} age again.", branch));
    return {};
}

Outcome<> keep(Context& context, const BranchFlags& flags) {
    return change(context, flags.branch, true);
}

Outcome<> unkeep(Context& context, const BranchFlags& flags) {
    return change(context, flags.branch, false);
}

std::shared_ptr<BranchFlags> add_branch(CLI::App* command) {
    const auto flags = std::make_shared<BranchFlags>();
    command->add_option("BRANCH", flags->branch, "Branch, or pull:N")->required()->type_name("");
    return flags;
}

}  // namespace

void add_previews(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "previews", "Previews of branches and pull requests");
    CLI::App* listed = add_command(noun, "list", "Branches that were deployed, the newest first",
                                   {{"berth previews list -p shop", ""},
                                    {"berth previews list --json", "one object with items"}});
    on_run(listed, parsed, list_them);
    CLI::App* kept = add_command(noun, "keep", "Keep the previews of a branch whatever their age",
                                 {{"berth previews keep feature/cart", ""},
                                  {"berth previews keep feature/cart --json", "one object"}});
    on_run(kept, parsed, add_branch(kept), keep);
    CLI::App* freed = add_command(noun, "unkeep", "Let the previews of a branch age again",
                                  {{"berth previews unkeep feature/cart", ""},
                                   {"berth previews unkeep feature/cart --json", "one object"}});
    on_run(freed, parsed, add_branch(freed), unkeep);
    add_preview_actions(noun, parsed);
}

}  // namespace berth::cli

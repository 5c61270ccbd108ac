#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/terminal.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ListFlags {
    bool all = false;
};
struct ClearFlags {
    std::string kind{};
};

std::int64_t amount(const json::value& object, std::string_view key) {
    return number(object, key).value_or(0);
}

/// "3 GB of 5 GB"
std::string of_budget(const json::value& view) {
    return fmt::format("{} of {}", bytes_text(amount(view, "bytes")),
                       bytes_text(amount(view, "budget_bytes")));
}

/// "preview feature/cart", "production", "-" where a cache does not say what it is for.
std::string scope_of(const json::value& cache) {
    const std::string trust = text(cache, "trust");
    const std::string branch = text(cache, "branch");
    if (trust.empty()) return "-";
    return branch.empty() ? trust : trust + " " + printable(branch, Colour::strip);
}

Outcome<> list_all(Context& context, Session& session) {
    const Outcome<Answer> answer = session.get("/instance/caches");
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"PROJECT", "CACHES", "SIZE", "LAST USED"}};
    for (const json::value& item : list(answer->body, "items")) {
        const std::string id = text(item, "project");
        const std::string name = text(item, "project_name");
        rows.push_back({id.empty()     ? "(toolchains)"
                        : name.empty() ? id + " (deleted)"
                                       : name,
                        std::to_string(amount(item, "caches")), bytes_text(amount(item, "bytes")),
                        since(amount(item, "used_at_ms"), unix_now_ms())});
    }
    context.output.table(rows);
    for (const json::value& worker : list(answer->body, "workers")) {
        context.output.note(fmt::format("{}: {}", printable(text(worker, "name"), Colour::strip),
                                        of_budget(worker)));
    }
    return {};
}

Outcome<> list_them(Context& context, const ListFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    if (flags.all) return list_all(context, **session);
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/projects/{}/caches", path_part(project->name)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"KIND", "FOR", "SIZE", "LAST USED", "WORKER"}};
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "kind"), scope_of(item), bytes_text(amount(item, "bytes")),
                        since(amount(item, "used_at_ms"), unix_now_ms()),
                        printable(text(item, "worker"), Colour::strip)});
    }
    context.output.table(rows);
    if (amount(answer->body, "workers") == 0) {
        context.output.note("No worker has said what it keeps; is one connected?");
    } else {
        context.output.note(of_budget(answer->body));
    }
    return {};
}

void say(Output& output, const json::value& cleared) {
    output.result(fmt::format("{} removed, {}", amount(cleared, "removed"),
                              bytes_text(amount(cleared, "removed_bytes"))));
    if (const std::int64_t in_use = amount(cleared, "in_use"); in_use > 0) {
        output.note(fmt::format("{} stay, {}: a build uses them.", in_use,
                                bytes_text(amount(cleared, "in_use_bytes"))));
    }
    if (const std::int64_t unanswered = amount(cleared, "unanswered"); unanswered > 0) {
        output.note(fmt::format("{}, {}, go when their workers answer.", unanswered,
                                bytes_text(amount(cleared, "unanswered_bytes"))));
    }
}

Outcome<> clear(Context& context, const ClearFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const std::string what = flags.kind.empty() ? "all caches" : "the caches of kind " + flags.kind;
    const Outcome<bool> sure = context.terminal.confirm(
        fmt::format("Remove {} of {}? The next build takes longer.", what, project->name));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was removed");
    std::string path = fmt::format("/projects/{}/caches", path_part(project->name));
    if (!flags.kind.empty()) path += "?kind=" + path_part(flags.kind);
    const Outcome<Answer> cleared = (*session)->remove(path);
    if (!cleared) return cleared.error();
    if (context.output.json()) {
        context.output.object(cleared->body);
    } else {
        say(context.output, cleared->body);
    }
    return {};
}

}  // namespace

void add_cache(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "cache", "See and remove what builds keep for the next ones");
    CLI::App* listed =
        add_command(noun, "ls", "A project's caches, the last used first",
                    {{"berth cache ls -p shop", ""},
                     {"berth cache ls --all", "sums of all projects; for the instance's owner"},
                     {"berth cache ls --json", "one object"}});
    also(listed, {"list"});
    const auto all = std::make_shared<ListFlags>();
    listed->add_flag("--all", all->all, "Of all projects, and the toolchains");
    on_run(listed, parsed, all, list_them);

    CLI::App* gone = add_command(
        noun, "clear", "Remove a project's caches; what a build uses stays",
        {{"berth cache clear -p shop", "asks first"},
         {"berth cache clear --kind bundler -y", "what build tools keep; does not ask"}});
    const auto flags = std::make_shared<ClearFlags>();
    gone->add_option("--kind", flags->kind, "install, bundler, downloads or repository")
        ->type_name("KIND")
        ->check(CLI::IsMember({"install", "bundler", "downloads", "repository"}));
    on_run(gone, parsed, flags, clear);
}

}  // namespace berth::cli

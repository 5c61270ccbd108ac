#include "cli/git.hpp"

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/deployment_end.hpp"
#include "cli/draft.hpp"
#include "cli/project_choice.hpp"
#include "cli/team_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct RepositoryFlags {
    std::string team{};
    std::string connection{};
    std::string repository{};
    std::string name{};
    Waiting waiting{};
};

struct RequestFlags {
    std::int64_t number = 0;
};

Outcome<> import(Context& context, const RepositoryFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<std::string> id = choose_connection(**session, *team, flags.connection);
    if (!id) return id.error();
    const std::string name =
        flags.name.empty() ? name_from("https://host/" + flags.repository) : flags.name;
    const json::bj::object choice{{"connection", *id}, {"repository", flags.repository}};
    const Outcome<Answer> made =
        (*session)->post("/projects", json::bj::object{{"name", name}, {"git", choice}});
    if (!made) return made.error();
    context.output.note(fmt::format("Made the project {}; pushes deploy it from now on.", name));
    const Outcome<Answer> started = (*session)->post(
        fmt::format("/projects/{}/deployments", path_part(name)), json::bj::object{});
    if (!started) return started.error();
    return see_through(context, **session, started->body, name, flags.waiting);
}

/// Whether the webhook is there, and what is wrong, for people.
void show_link(Context& context, const json::value& link) {
    context.output.result(printable(text(link, "repository"), Colour::strip));
    context.output.note(truth(link, "webhook") ? "Its pushes deploy: the webhook is there."
                                               : "The webhook could not be made yet.");
    const std::string trouble = printable(text(link, "trouble"), Colour::strip);
    if (!trouble.empty()) context.output.note("The Git host: " + trouble, Style::yellow);
}

Outcome<> status(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> link =
        (*session)->get(fmt::format("/projects/{}/git", path_part(project->name)));
    if (!link) return link.error();
    if (context.output.json()) {
        context.output.object(link->body);
        return {};
    }
    if (text(link->body, "repository").empty()) {
        return problem(Exit::not_found, "not_linked",
                       "this project is not linked to a repository at a Git host", "link it",
                       "berth git link REPOSITORY");
    }
    show_link(context, link->body);
    return {};
}

Outcome<> link_it(Context& context, const RepositoryFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<std::string> id = choose_connection(**session, *team, flags.connection);
    if (!id) return id.error();
    const Outcome<Answer> linked =
        (*session)->put(fmt::format("/projects/{}/git", path_part(project->name)),
                        json::bj::object{{"connection", *id}, {"repository", flags.repository}});
    if (!linked) return linked.error();
    if (context.output.json()) {
        context.output.object(linked->body);
    } else {
        show_link(context, linked->body);
    }
    return {};
}

Outcome<> unlink_it(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> gone =
        (*session)->remove(fmt::format("/projects/{}/git", path_part(project->name)));
    if (!gone) return gone.error();
    context.output.note("Unlinked; the webhook at the Git host is removed soon.");
    return {};
}

Outcome<> requests(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<json::bj::array> items =
        (*session)->get_all(fmt::format("/projects/{}/git/requests", path_part(project->name)));
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"NUMBER", "BY", "FROM", "COMMIT", "TITLE", "PREVIEW"}};
    bool waiting = false;
    for (const json::value& item : *items) {
        const bool waits = text(item, "approval") == "waiting";
        waiting = waiting || waits;
        rows.push_back({std::to_string(number(item, "number").value_or(0)),
                        printable(text(item, "author"), Colour::strip),
                        printable(text(item, "branch"), Colour::strip),
                        printable(text(item, "commit"), Colour::strip).substr(0, 7),
                        printable(text(item, "title"), Colour::strip),
                        waits ? "waits for your word" : text(item, "url")});
    }
    context.output.table(rows);
    if (waiting) context.output.note("Look at the changes, then: berth git approve NUMBER");
    return {};
}

Outcome<> approve(Context& context, const RequestFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> made = (*session)->post(
        fmt::format("/projects/{}/git/requests/{}/approve", path_part(project->name), flags.number),
        json::bj::object{});
    if (!made) return made.error();
    context.output.note("It is built, without secrets, as is what its author sends from now on.");
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "id"));
    }
    return {};
}

void add_repository(CLI::App* command, RepositoryFlags& flags) {
    command->add_option("REPOSITORY", flags.repository, "As the host names it: team/shop")
        ->required()
        ->type_name("");
    command->add_option("--connection", flags.connection, "Which, if the team has several")
        ->type_name("ID");
    command->add_option("--team", flags.team, "Team, by slug or id")->type_name("T");
}

}  // namespace

void add_git_links(CLI::App& noun, Parsed& parsed) {
    const auto flags = std::make_shared<RepositoryFlags>();
    CLI::App* made =
        add_command(noun, "import", "Make a project of a connected repository and put it live",
                    {{"berth git import team/shop", ""},
                     {"berth git import team/shop --name store --no-wait", ""}});
    add_repository(made, *flags);
    made->add_option("--name", flags->name, "Name; default: the repository's")->type_name("N");
    made->add_flag("--no-wait", flags->waiting.no_wait, "Print the address and do not wait");
    on_run(made, parsed, flags, import);

    CLI::App* linked =
        add_command(noun, "link", "Link a project to its repository: webhook, statuses, comments",
                    {{"berth git link team/shop -p shop", ""},
                     {"berth git link team/shop -p shop", "again: mends the webhook"}});
    add_repository(linked, *flags);
    on_run(linked, parsed, flags, link_it);

    CLI::App* shown =
        add_command(noun, "status", "What a project is linked to, and how that goes",
                    {{"berth git status -p shop", ""}, {"berth git status --json", ""}});
    on_run(shown, parsed, status);

    CLI::App* gone = add_command(noun, "unlink", "Unlink a project; its webhook is removed",
                                 {{"berth git unlink -p shop", ""}, {"berth git unlink -q", ""}});
    on_run(gone, parsed, unlink_it);

    CLI::App* open =
        add_command(noun, "requests", "Open pull requests, and which wait for your word",
                    {{"berth git requests -p shop", ""}, {"berth git requests --json", ""}});
    on_run(open, parsed, requests);

    add_request_approval(noun, parsed);
}

void add_request_approval(CLI::App& noun, Parsed& parsed) {
    const std::string path = "berth " + noun.get_name() + " approve 7";
    CLI::App* word =
        add_command(noun, "approve", "Build a stranger's pull request; prints the deployment",
                    {{path + " -p shop", ""}, {path + " --json", ""}});
    const auto which = std::make_shared<RequestFlags>();
    word->add_option("NUMBER", which->number, "Of the pull request")->required()->type_name("");
    on_run(word, parsed, which, approve);
}

}  // namespace berth::cli

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/git.hpp"
#include "cli/team_choice.hpp"
#include "cli/terminal.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ConnectFlags {
    std::string team{};
    std::string provider{};
    std::string url{};
    bool token_stdin = false;
};
struct ConnectionFlags {
    std::string team{};
    std::string id{};
    std::string search{};
    bool token_stdin = false;
};
std::string path_of(const std::string& team, const std::string& rest = "") {
    return fmt::format("/teams/{}/git-connections{}", path_part(team), rest);
}

/// A token is no word of a command line, which others can read.
Outcome<std::string> token_of(bool from_stdin) {
    if (from_stdin) return read_stdin("the Git host's token");
    return usage("the token comes by stdin: --token-stdin < token");
}

Outcome<> connect(Context& context, const ConnectFlags& flags) {
    const Outcome<std::string> token = token_of(flags.token_stdin);
    if (!token) return token.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    json::bj::object wanted{{"provider", flags.provider}, {"token", *token}};
    if (!flags.url.empty()) wanted["base_url"] = flags.url;
    const Outcome<Answer> made = (*session)->post(path_of(*team), wanted);
    if (!made) return made.error();
    context.output.note(fmt::format("{} is connected to {} at {}.", *team,
                                    printable(text(made->body, "account"), Colour::strip),
                                    text(made->body, "base_url")));
    for (const json::value& scope : list(made->body, "missing_scopes")) {
        if (!scope.is_string()) continue;
        context.output.note(fmt::format("The token lacks the scope {}: not all will work.",
                                        printable(std::string(scope.get_string()), Colour::strip)),
                            Style::yellow);
    }
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "id"));
    }
    return {};
}

Outcome<> list_them(Context& context, const ConnectionFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<json::bj::array> items = (*session)->get_all(path_of(*team));
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "HOST", "ACCOUNT", "SINCE", "STATE"}};
    for (const json::value& item : *items) {
        const std::string trouble = printable(text(item, "trouble"), Colour::strip);
        rows.push_back({text(item, "id"), text(item, "base_url"),
                        printable(text(item, "account"), Colour::strip),
                        since(number(item, "created_at_ms").value_or(0), unix_now_ms()),
                        trouble.empty() ? "works" : trouble});
    }
    context.output.table(rows);
    return {};
}

Outcome<> renew(Context& context, const ConnectionFlags& flags) {
    const Outcome<std::string> token = token_of(flags.token_stdin);
    if (!token) return token.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> renewed =
        (*session)->put(path_of(*team, fmt::format("/{}/token", path_part(flags.id))),
                        json::bj::object{{"token", *token}});
    if (!renewed) return renewed.error();
    context.output.note("The new token works, and is used from now on.");
    if (context.output.json()) context.output.object(renewed->body);
    return {};
}

Outcome<> disconnect(Context& context, const ConnectionFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> gone = (*session)->remove(path_of(*team, "/" + path_part(flags.id)));
    if (!gone) return gone.error();
    context.output.note("Forgotten, with its token. Revoke the token at the Git host, too.");
    return {};
}

Outcome<> repositories(Context& context, const ConnectionFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<std::string> id = choose_connection(**session, *team, flags.id);
    if (!id) return id.error();
    std::string path = path_of(*team, fmt::format("/{}/repositories", path_part(*id)));
    if (!flags.search.empty()) path += "?search=" + path_part(flags.search);
    const Outcome<Answer> found = (*session)->get(path);
    if (!found) return found.error();
    if (context.output.json()) {
        context.output.object(found->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"REPOSITORY", "BRANCH", "WHO SEES IT"}};
    for (const json::value& item : list(found->body, "items")) {
        rows.push_back({printable(text(item, "path"), Colour::strip),
                        printable(text(item, "default_branch"), Colour::strip),
                        truth(item, "is_private") ? "private" : "public"});
    }
    context.output.table(rows);
    if (!text(found->body, "next").empty())
        context.output.note("There are more: narrow them down with --search.");
    return {};
}

void add_team(CLI::App* command, std::string& into) {
    command->add_option("--team", into, "Team, by slug or id")->type_name("T");
}

}  // namespace

void add_git_connections(CLI::App& noun, Parsed& parsed) {
    CLI::App* made = add_command(
        noun, "add", "Connect the team to a Git host; prints the id",
        {{"berth git add github --token-stdin < token", ""},
         {"berth git add gitea --url https://git.example --token-stdin < t", "also Forgejo"}});
    const auto flags = std::make_shared<ConnectFlags>();
    made->add_option("HOST", flags->provider, "github, gitlab or gitea")->required()->type_name("");
    made->add_option("--url", flags->url, "Where the host is, if it is your own")->type_name("URL");
    made->add_flag("--token-stdin", flags->token_stdin, "Read the token from stdin");
    add_team(made, flags->team);
    on_run(made, parsed, flags, connect);

    const auto which = std::make_shared<ConnectionFlags>();
    CLI::App* listed = add_command(noun, "list", "The team's connections, and whether they work",
                                   {{"berth git list", ""}, {"berth git list --json", ""}});
    add_team(listed, which->team);
    on_run(listed, parsed, which, list_them);

    CLI::App* renewed = add_command(noun, "renew", "Give a connection another token",
                                    {{"berth git renew gco_… --token-stdin < token", ""},
                                     {"berth git renew gco_… --token-stdin --json < token", ""}});
    renewed->add_option("ID", which->id, "Connection")->required()->type_name("");
    renewed->add_flag("--token-stdin", which->token_stdin, "Read the token from stdin");
    add_team(renewed, which->team);
    on_run(renewed, parsed, which, renew);

    CLI::App* gone = add_command(noun, "rm", "Forget a connection that no project is linked by",
                                 {{"berth git rm gco_…", ""}, {"berth git rm gco_… -q", ""}});
    gone->add_option("ID", which->id, "Connection")->required()->type_name("");
    add_team(gone, which->team);
    on_run(gone, parsed, which, disconnect);

    CLI::App* seen =
        add_command(noun, "repos", "Repositories that a connection sees",
                    {{"berth git repos", "the last used"}, {"berth git repos --search shop", ""}});
    seen->add_option("ID", which->id, "Connection, if the team has several")->type_name("");
    seen->add_option("--search", which->search, "A part of the name")->type_name("TEXT");
    add_team(seen, which->team);
    on_run(seen, parsed, which, repositories);
}

Outcome<std::string> choose_connection(Session& session, const std::string& team,
                                       const std::string& given) {
    if (!given.empty()) return given;
    const Outcome<json::bj::array> items = session.get_all(path_of(team));
    if (!items) return items.error();
    if (items->size() == 1) return text(items->front(), "id");
    if (items->empty()) {
        return problem(Exit::not_found, "no_connection", "the team has no connection to a Git host",
                       "make one", "berth git add github --token-stdin < token");
    }
    std::string all;
    for (const json::value& item : *items)
        all += (all.empty() ? "" : ", ") + text(item, "id");
    return problem(Exit::not_found, "ambiguous_connection",
                   "the team has several connections: " + all, "see them", "berth git list");
}

}  // namespace berth::cli

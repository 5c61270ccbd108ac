#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct CreateFlags {
    std::string name{};
    std::string scope{};
    std::string expires{};
    std::vector<std::string> also{};
};
struct IdFlags {
    std::string id{};
};

std::string projects_of(const json::value& token) {
    std::string projects;
    for (const json::value& id : list(token, "projects")) {
        if (id.is_string()) projects += (projects.empty() ? "" : ",") + std::string(id.as_string());
    }
    return projects.empty() ? "all" : projects;
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get("/tokens");  // one page: there are few
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "NAME", "SCOPE", "PROJECTS", "LAST USED", "FROM", "EXPIRES"}};
    const std::int64_t now_ms = unix_now_ms();
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"), printable(text(item, "name"), Colour::strip),
                        text(item, "scope"), projects_of(item),
                        since(number(item, "last_used_ms").value_or(0), now_ms),
                        text(item, "last_used_address"),
                        since(number(item, "expires_at_ms").value_or(0), now_ms)});
    }
    context.output.table(rows);
    return {};
}

Outcome<> create(Context& context, const CreateFlags& flags) {
    json::bj::object wanted{{"name", flags.name}, {"scope", flags.scope}};
    if (!flags.expires.empty()) {
        const Outcome<std::int64_t> life = parse_duration(flags.expires, "--expires");
        if (!life) return life.error();
        wanted["expires_at_ms"] = unix_now_ms() + *life;
    }
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    json::bj::array projects(flags.also.begin(), flags.also.end());
    // Only when asked for: a token that is not bound to a project must not depend on where we are.
    if (!context.options.project.empty()) {
        const Outcome<Project> project = choose_project(context, **session);
        if (!project) return project.error();
        const std::string id = text(project->body, "id");
        projects.insert(projects.begin(), json::value(id.empty() ? project->name : id));
    }
    if (!projects.empty()) wanted["projects"] = std::move(projects);
    const Outcome<Answer> made = (*session)->post("/tokens", wanted);
    if (!made) return made.error();
    context.output.note("It is shown this once.");
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "token"));
    }
    return {};
}

Outcome<> revoke(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> gone = (*session)->remove("/tokens/" + path_part(flags.id));
    if (!gone) return gone.error();
    context.output.note(fmt::format("Revoked {}.", flags.id));
    return {};
}

}  // namespace

void add_tokens(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "tokens", "API tokens of yours, for scripts");
    CLI::App* listed = add_command(noun, "list", "Without their values, which are not kept",
                                   {{"berth tokens list", ""}, {"berth tokens list --json", ""}});
    on_run(listed, parsed, list_them);

    CLI::App* made =
        add_command(noun, "create", "Make a token; prints the token alone",
                    {{"berth tokens create --name ci --scope deploy -p shop", "for one project"},
                     {"berth tokens create --name ci --scope deploy -p shop --also blog", ""},
                     {"berth tokens create --name backup --scope read --expires 30d", ""}});
    const auto flags = std::make_shared<CreateFlags>();
    made->add_option("--name", flags->name, "What it is for")->required()->type_name("N");
    made->add_option("--scope", flags->scope, "read, deploy or admin; each includes the one before")
        ->required()
        ->type_name("S")
        ->check(CLI::IsMember({"read", "deploy", "admin"}));
    made->add_option("--expires", flags->expires, "After this time, such as 30d; default: never")
        ->type_name("D");
    made->add_option("--also", flags->also, "Another project that it is for; again for more")
        ->allow_extra_args(false)
        ->type_name("P");
    on_run(made, parsed, flags, create);

    CLI::App* gone = add_command(
        noun, "revoke", "It stops working at once",
        {{"berth tokens revoke tok_…", ""}, {"berth tokens revoke tok_… -q", "says nothing"}});
    const auto doomed = std::make_shared<IdFlags>();
    gone->add_option("ID", doomed->id, "Token")->required()->type_name("");
    on_run(gone, parsed, doomed, revoke);
}

}  // namespace berth::cli

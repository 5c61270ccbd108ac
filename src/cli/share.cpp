#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct CreateFlags {
    std::string target{};
    std::string expires = "7d";
};
struct IdFlags {
    std::string id{};
};

std::string path_of(const Project& project, const std::string& rest) {
    return fmt::format("/projects/{}/{}", path_part(project.name), rest);
}

Outcome<> create(Context& context, const CreateFlags& flags) {
    const Outcome<std::int64_t> life = parse_duration(flags.expires, "--expires");
    if (!life) return life.error();
    json::bj::object wanted{{"expires_in_s", *life / 1000}};
    if (!flags.target.empty()) {
        wanted[flags.target.starts_with("dpl_") ? "deployment" : "host"] = flags.target;
    }
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> made = (*session)->post(path_of(*project, "share-links"), wanted);
    if (!made) return made.error();
    context.output.note("It is shown this once. Whoever has it can visit.");
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "url"));
    }
    return {};
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer = (*session)->get(path_of(*project, "share-links"));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "HOST", "BY", "LAST USED", "EXPIRES"}};
    const std::int64_t now_ms = unix_now_ms();
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"), text(item, "host"),
                        printable(text(item, "created_by"), Colour::strip),
                        since(number(item, "last_used_ms").value_or(0), now_ms),
                        since(number(item, "expires_at_ms").value_or(0), now_ms)});
    }
    context.output.table(rows);
    return {};
}

Outcome<> revoke(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> gone =
        (*session)->remove(path_of(*project, "share-links/" + path_part(flags.id)));
    if (!gone) return gone.error();
    context.output.note(fmt::format("Revoked {}. Who came in by it is out.", flags.id));
    return {};
}

Outcome<> sign_out(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> out =
        (*session)->post(path_of(*project, "visitors/sign-out"), json::bj::object{});
    if (!out) return out.error();
    context.output.note(fmt::format("All visitors of {} are signed out.", project->name));
    return {};
}

}  // namespace

void add_share(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "share", "Links that let others visit a protected site");
    CLI::App* made =
        add_command(noun, "create", "Make a link to production, or to TARGET; prints it alone",
                    {{"berth share create -p shop", "for 7 days"},
                     {"berth share create dpl_… --expires 1d", "to one deployment"}});
    const auto flags = std::make_shared<CreateFlags>();
    made->add_option("TARGET", flags->target, "A deployment's id, or a host of the project")
        ->type_name("");
    made->add_option("--expires", flags->expires, "After this time, 90d at most; default: 7d")
        ->type_name("D");
    on_run(made, parsed, flags, create);

    CLI::App* listed =
        add_command(noun, "list", "Links that work; without their tokens, which are not kept",
                    {{"berth share list", ""}, {"berth share list --json", ""}});
    on_run(listed, parsed, list_them);

    CLI::App* gone =
        add_command(noun, "revoke", "The link stops working, and who came in by it is out",
                    {{"berth share revoke shl_…", ""}, {"berth share revoke shl_… -q", ""}});
    const auto doomed = std::make_shared<IdFlags>();
    gone->add_option("ID", doomed->id, "Link")->required()->type_name("");
    on_run(gone, parsed, doomed, revoke);

    CLI::App* out = add_command(
        noun, "sign-out", "Every visitor of the project has to sign in anew",
        {{"berth share sign-out -p shop", ""}, {"berth share sign-out -q", "says nothing"}});
    on_run(out, parsed, sign_out);
}

}  // namespace berth::cli

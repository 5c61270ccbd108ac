#include "cli/team_invitations.hpp"

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/team_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct InviteFlags {
    std::string team{};
    std::string email{};
    std::string role{};
};
struct ListFlags {
    std::string team{};
};
struct IdFlags {
    std::string team{};
    std::string id{};
};
struct AcceptFlags {
    std::string link{};
    bool password_stdin = false;
};

std::string path_of(const std::string& team) {
    return fmt::format("/teams/{}/invitations", path_part(team));
}

Outcome<> invite(Context& context, const InviteFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> made = (*session)->post(
        path_of(*team), json::bj::object{{"email", flags.email}, {"role", flags.role}});
    if (!made) return made.error();
    context.output.note(fmt::format("Send this link to {}. It is shown this once and works once.",
                                    text(made->body, "email")));
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "url"));
    }
    return {};
}

Outcome<> list_them(Context& context, const ListFlags& flags) {
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
    std::vector<std::vector<std::string>> rows = {{"ID", "EMAIL", "ROLE", "BY", "EXPIRES"}};
    for (const json::value& item : *items) {
        rows.push_back({text(item, "id"), text(item, "email"), text(item, "role"),
                        text(item, "invited_by"),
                        since(number(item, "expires_at_ms").value_or(0), unix_now_ms())});
    }
    context.output.table(rows);
    return {};
}

Outcome<> uninvite(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> gone = (*session)->remove(path_of(*team) + "/" + path_part(flags.id));
    if (!gone) return gone.error();
    context.output.note(fmt::format("Took {} back; its link works no more.", flags.id));
    return {};
}

/// The path of the API for a link, or for the secret at its end.
std::string accept_path(const std::string& link) {
    return "/invitations/" + path_part(link.substr(link.rfind('/') + 1));
}

/// Makes the account; whoever wants to go on here signs in with it.
Outcome<> accept_as_new(Context& context, const std::string& link) {
    const Outcome<std::string> password = read_stdin("the password");
    if (!password) return password.error();
    const Outcome<Session*> session = context.session_with("");
    if (!session) return session.error();
    const Outcome<Answer> joined =
        (*session)->post(accept_path(link), json::bj::object{{"password", *password}});
    if (!joined) return joined.error();
    const std::string email = text(joined->body, "email");
    context.output.note(
        fmt::format("Made the account {0}. Sign in: berth login --email {0}", email));
    if (context.output.json()) {
        // Not the answer as it is: it has an access token.
        context.output.object(json::bj::object{
            {"user", json::bj::object{{"id", text(joined->body, "id")}, {"email", email}}}});
    } else {
        context.output.result(email);
    }
    return {};
}

Outcome<> accept(Context& context, const AcceptFlags& flags) {
    std::string link = flags.link;
    if (link == "-") {
        if (flags.password_stdin) return usage("stdin has one thing: the link or the password");
        const Outcome<std::string> read = read_stdin("the link");
        if (!read) return read.error();
        link = *read;
    }
    if (flags.password_stdin) return accept_as_new(context, link);
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> joined = (*session)->post(accept_path(link), json::bj::object{});
    if (!joined) return joined.error();
    context.output.note(fmt::format("You belong to {} with the role {}.",
                                    printable(text(joined->body, "name"), Colour::strip),
                                    text(joined->body, "role")));
    if (context.output.json()) {
        context.output.object(joined->body);
    } else {
        context.output.result(text(joined->body, "slug"));
    }
    return {};
}

}  // namespace

void add_invite(CLI::App& noun, Parsed& parsed) {
    const std::string path = fmt::format("berth {} invite ada@example.org", noun.get_name());
    CLI::App* made =
        add_command(noun, "invite", "Invite somebody; prints the link alone",
                    {{path + " --role developer", ""}, {path + " --role viewer --team crew", ""}});
    const auto draft = std::make_shared<InviteFlags>();
    made->add_option("EMAIL", draft->email, "Who may use the link")->required()->type_name("");
    add_role_option(made, "--role", draft->role);
    add_team_option(made, draft->team);
    on_run(made, parsed, draft, invite);
}

void add_team_invitations(CLI::App& noun, Parsed& parsed) {
    add_invite(noun, parsed);

    CLI::App* listed = add_command(
        noun, "invitations", "Open invitations; without their links, which are not kept",
        {{"berth team invitations", ""}, {"berth team invitations --team crew --json", ""}});
    const auto whose = std::make_shared<ListFlags>();
    add_team_option(listed, whose->team);
    on_run(listed, parsed, whose, list_them);

    CLI::App* gone =
        add_command(noun, "uninvite", "Take an invitation back",
                    {{"berth team uninvite inv_…", ""}, {"berth team uninvite inv_… -q", ""}});
    const auto doomed = std::make_shared<IdFlags>();
    gone->add_option("ID", doomed->id, "Invitation")->required()->type_name("");
    add_team_option(gone, doomed->team);
    on_run(gone, parsed, doomed, uninvite);

    CLI::App* taken =
        add_command(noun, "accept", "Join the team of an invitation",
                    {{"berth team accept - < link", "as who is signed in"},
                     {"berth team accept LINK --password-stdin < pw", "makes an account"}});
    const auto flags = std::make_shared<AcceptFlags>();
    taken->add_option("LINK", flags->link, "The link; - reads it from stdin")
        ->required()
        ->type_name("");
    taken->add_flag("--password-stdin", flags->password_stdin,
                    "Make an account with the password from stdin");
    on_run(taken, parsed, flags, accept);
}

}  // namespace berth::cli

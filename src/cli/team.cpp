#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/team_choice.hpp"
#include "cli/team_invitations.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct CreateFlags {
    std::string slug{};
    std::string name{};
};
struct TeamFlags {
    std::string team{};
};
struct FactorFlags {
    std::string team{};
    std::string state{};
    std::string from{};
};
struct MemberFlags {
    std::string team{};
    std::string who{};
    std::string role{};
};

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<json::bj::array> items = (*session)->get_all("/teams");
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"SLUG", "NAME", "ROLE", "CREATED"}};
    for (const json::value& item : *items) {
        rows.push_back({text(item, "slug"), printable(text(item, "name"), Colour::strip),
                        text(item, "role"),
                        since(number(item, "created_at_ms").value_or(0), unix_now_ms())});
    }
    context.output.table(rows);
    return {};
}

Outcome<> create(Context& context, const CreateFlags& flags) {
    json::bj::object wanted{{"slug", flags.slug}};
    if (!flags.name.empty()) wanted["name"] = flags.name;
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> made = (*session)->post("/teams", wanted);
    if (!made) return made.error();
    context.output.note(fmt::format("Made the team {}; you own it.", text(made->body, "slug")));
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "slug"));
    }
    return {};
}

Outcome<> members(Context& context, const TeamFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<json::bj::array> items =
        (*session)->get_all(fmt::format("/teams/{}/members", path_part(*team)));
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "EMAIL", "ROLE", "STATE"}};
    for (const json::value& item : *items) {
        rows.push_back({text(item, "id"), text(item, "email"), text(item, "role"),
                        truth(item, "disabled") ? "disabled" : "active"});
    }
    context.output.table(rows);
    return {};
}

std::string path_of(const std::string& team, const std::string& who) {
    return fmt::format("/teams/{}/members/{}", path_part(team), path_part(who));
}

Outcome<> set_factor(Context& context, const FactorFlags& flags) {
    json::bj::object wanted{{"second_factor_from_ms", nullptr}};
    if (flags.state == "on") {
        std::int64_t from_ms = unix_now_ms();
        if (!flags.from.empty()) {
            const Outcome<std::int64_t> wait = parse_duration(flags.from, "--in");
            if (!wait) return wait.error();
            from_ms += *wait;
        }
        wanted["second_factor_from_ms"] = from_ms;
    }
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> changed = (*session)->patch("/teams/" + path_part(*team), wanted);
    if (!changed) return changed.error();
    context.output.note(flags.state == "on"
                            ? fmt::format("Who acts in {} needs an authenticator app{}.", *team,
                                          flags.from.empty() ? "" : " in " + flags.from)
                            : fmt::format("Who acts in {} needs no second factor.", *team));
    if (context.output.json()) context.output.object(changed->body);
    return {};
}

Outcome<> set_role(Context& context, const MemberFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> changed =
        (*session)->patch(path_of(*team, flags.who), json::bj::object{{"role", flags.role}});
    if (!changed) return changed.error();
    context.output.note(fmt::format("{} has the role {} in {}.", text(changed->body, "email"),
                                    text(changed->body, "role"), *team));
    if (context.output.json()) context.output.object(changed->body);
    return {};
}

Outcome<> remove(Context& context, const MemberFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> team = choose_team(**session, flags.team);
    if (!team) return team.error();
    const Outcome<Answer> gone = (*session)->remove(path_of(*team, flags.who));
    if (!gone) return gone.error();
    context.output.note(fmt::format("{} does not belong to {} any more.", flags.who, *team));
    return {};
}

/// The team is always named: a guess here would be hard to take back.
Outcome<> leave(Context& context, const TeamFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> left =
        (*session)->post(fmt::format("/teams/{}/leave", path_part(flags.team)), json::bj::object{});
    if (!left) return left.error();
    context.output.note(fmt::format("You do not belong to {} any more.", flags.team));
    return {};
}

void add_who(CLI::App* command, MemberFlags& flags) {
    command->add_option("USER", flags.who, "E-mail address or id")->required()->type_name("");
}

void add_member_list(CLI::App& noun, Parsed& parsed, const std::string& name) {
    const std::string path = fmt::format("berth {} {}", noun.get_name(), name);
    CLI::App* people = add_command(noun, name, "Who belongs to the team, and as what",
                                   {{path, ""}, {path + " --team crew --json", ""}});
    const auto whose = std::make_shared<TeamFlags>();
    add_team_option(people, whose->team);
    on_run(people, parsed, whose, members);
}

void add_role(CLI::App& noun, Parsed& parsed) {
    const std::string path = fmt::format("berth {} role", noun.get_name());
    CLI::App* role = add_command(
        noun, "role", "Change the role of a member",
        {{path + " ada@example.org admin", ""}, {path + " usr_… viewer --team crew", ""}});
    const auto change = std::make_shared<MemberFlags>();
    add_who(role, *change);
    add_role_option(role, "ROLE", change->role);
    add_team_option(role, change->team);
    on_run(role, parsed, change, set_role);
}

CLI::App* add_removal(CLI::App& noun, Parsed& parsed, const std::string& name) {
    const std::string path = fmt::format("berth {} {}", noun.get_name(), name);
    CLI::App* off = add_command(
        noun, name, "Take a member off the team",
        {{path + " ada@example.org", ""}, {path + " usr_… --team crew -q", "says nothing"}});
    const auto doomed = std::make_shared<MemberFlags>();
    add_who(off, *doomed);
    add_team_option(off, doomed->team);
    on_run(off, parsed, doomed, remove);
    return off;
}

}  // namespace

void add_team_option(CLI::App* command, std::string& into) {
    command->add_option("--team", into, "The team, by its slug; default: the only one there is")
        ->type_name("T");
}

void add_role_option(CLI::App* command, const std::string& name, std::string& into) {
    command->add_option(name, into, "viewer, developer, admin or owner")
        ->required()
        ->type_name(name.starts_with('-') ? "R" : "")
        ->check(CLI::IsMember({"viewer", "developer", "admin", "owner"}));
}

void add_team(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "team", "Teams of yours, their members and invitations");
    also(&noun, {"teams"});
    CLI::App* listed = add_command(noun, "list", "Your teams and your role in each",
                                   {{"berth team list", ""}, {"berth team list --json", ""}});
    on_run(listed, parsed, list_them);

    CLI::App* made = add_command(
        noun, "create", "Make a team and own it; prints its slug",
        {{"berth team create crew", ""}, {"berth team create crew --name 'The crew'", ""}});
    const auto draft = std::make_shared<CreateFlags>();
    made->add_option("SLUG", draft->slug, "2 to 40 of a-z, 0-9 and inner hyphens")
        ->required()
        ->type_name("");
    made->add_option("--name", draft->name, "For people; default: the slug")->type_name("N");
    on_run(made, parsed, draft, create);

    add_member_list(noun, parsed, "members");
    add_role(noun, parsed);

    CLI::App* factor = add_command(noun, "second-factor", "Whether who acts in the team needs one",
                                   {{"berth team second-factor on --in 7d", "from then on"},
                                    {"berth team second-factor off --team crew", ""}});
    const auto asked = std::make_shared<FactorFlags>();
    factor->add_option("STATE", asked->state, "on or off")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"on", "off"}));
    factor->add_option("--in", asked->from, "After this time, such as 7d; default: at once")
        ->type_name("D");
    add_team_option(factor, asked->team);
    on_run(factor, parsed, asked, set_factor);

    also(add_removal(noun, parsed, "remove"), {"rm"});

    CLI::App* left = add_command(noun, "leave", "Leave a team",
                                 {{"berth team leave crew", ""}, {"berth team leave crew -q", ""}});
    const auto which = std::make_shared<TeamFlags>();
    left->add_option("TEAM", which->team, "The team, by its slug")->required()->type_name("");
    on_run(left, parsed, which, leave);

    add_team_invitations(noun, parsed);
}

void add_members(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "members", "Who belongs to a team, and as what");
    add_member_list(noun, parsed, "list");
    add_invite(noun, parsed);
    add_role(noun, parsed);
    add_removal(noun, parsed, "rm");
}

}  // namespace berth::cli

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct CreateFlags {
    std::string email{};
    std::string team{};
    std::string role{};
    bool password_stdin = false;
};
struct WhoFlags {
    std::string who{};
};

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<json::bj::array> items = (*session)->get_all("/users");
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "EMAIL", "ROLE", "STATE", "CREATED"}};
    for (const json::value& item : *items) {
        rows.push_back({text(item, "id"), text(item, "email"), text(item, "role"),
                        truth(item, "disabled") ? "disabled" : "active",
                        since(number(item, "created_at_ms").value_or(0), unix_now_ms())});
    }
    context.output.table(rows);
    return {};
}

/// The one-time password is the result: it is in no other place.
void print_account(Context& context, const json::value& user, const std::string& who) {
    if (context.output.json()) {
        context.output.object(user);
        return;
    }
    const std::string password = text(user, "password");
    context.output.result(password.empty() ? who : password);
    if (!password.empty()) {
        context.output.note(
            fmt::format("The one-time password of {}; it is shown this once.", who));
    }
}

Outcome<> create(Context& context, const CreateFlags& flags) {
    json::bj::object wanted{{"email", flags.email}};
    if (!flags.team.empty()) wanted["team"] = flags.team;
    if (!flags.role.empty()) wanted["role"] = flags.role;
    if (flags.password_stdin) {
        const Outcome<std::string> password = read_stdin("the password");
        if (!password) return password.error();
        wanted["password"] = *password;
    }
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> made = (*session)->post("/users", wanted);
    if (!made) return made.error();
    print_account(context, made->body, flags.email);
    return {};
}

/// An id as it is; an e-mail address is looked up.
Outcome<std::string> id_of(Session& session, const std::string& who) {
    if (!who.contains('@')) return who;
    const Outcome<json::bj::array> items = session.get_all("/users");
    if (!items) return items.error();
    for (const json::value& item : *items) {
        if (text(item, "email") == who) return text(item, "id");
    }
    return problem(Exit::not_found, "no_user", fmt::format("there is no user {}", who),
                   "see who there is", "berth users list");
}

Outcome<> set_disabled(Context& context, const std::string& who, bool disabled) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = id_of(**session, who);
    if (!id) return id.error();
    const Outcome<Answer> changed =
        (*session)->patch("/users/" + path_part(*id), json::bj::object{{"disabled", disabled}});
    if (!changed) return changed.error();
    context.output.note(
        fmt::format("{} {}.", who, disabled ? "can no longer sign in" : "can sign in again"));
    if (context.output.json()) context.output.object(changed->body);
    return {};
}

Outcome<> disable(Context& context, const WhoFlags& flags) {
    return set_disabled(context, flags.who, true);
}

Outcome<> enable(Context& context, const WhoFlags& flags) {
    return set_disabled(context, flags.who, false);
}

Outcome<> reset_password(Context& context, const WhoFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = id_of(**session, flags.who);
    if (!id) return id.error();
    const Outcome<Answer> reset = (*session)->post(
        fmt::format("/users/{}/reset-password", path_part(*id)), json::bj::object{});
    if (!reset) return reset.error();
    print_account(context, reset->body, flags.who);
    return {};
}

using Change = Outcome<> (*)(Context&, const WhoFlags&);

void add_change(CLI::App& noun, Parsed& parsed, const std::string& name, const std::string& help,
                Change change) {
    CLI::App* command = add_command(noun, name, help,
                                    {{"berth users " + name + " ada@example.org", ""},
                                     {"berth users " + name + " usr_… --json", ""}});
    const auto flags = std::make_shared<WhoFlags>();
    command->add_option("USER", flags->who, "E-mail address or id")->required()->type_name("");
    on_run(command, parsed, flags, change);
}

}  // namespace

void add_users(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "users", "People who may sign in (administrators only)");
    CLI::App* listed = add_command(noun, "list", "Everybody with an account",
                                   {{"berth users list", ""}, {"berth users list --json", ""}});
    on_run(listed, parsed, list_them);

    CLI::App* made = add_command(
        noun, "create", "Make an account; prints its one-time password",
        {{"berth users create ada@example.org", ""},
         {"berth users create ada@example.org --password-stdin < pw", "prints the address"}});
    const auto flags = std::make_shared<CreateFlags>();
    made->add_option("EMAIL", flags->email, "E-mail address")->required()->type_name("");
    CLI::Option* team =
        made->add_option("--team", flags->team, "Team to join, by its slug")->type_name("T");
    made->add_option("--role", flags->role, "Role in that team; default: admin")
        ->type_name("R")
        ->needs(team)
        ->check(CLI::IsMember({"viewer", "developer", "admin", "owner"}));
    made->add_flag("--password-stdin", flags->password_stdin, "Read the password from stdin");
    on_run(made, parsed, flags, create);

    add_change(noun, parsed, "disable", "Sign out everywhere and refuse to sign in", disable);
    add_change(noun, parsed, "enable", "Let them sign in again", enable);
    add_change(noun, parsed, "reset-password", "Make a one-time password and print it",
               reset_password);
}

}  // namespace berth::cli

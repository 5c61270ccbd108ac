#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/team_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ChannelFlags {
    std::string team{};
    std::string id{};
    std::string notification{};
    std::string kind{};
    std::string name{};
    std::vector<std::string> events = {"deployment_broke", "deployment_recovered"};
    std::vector<std::string> addresses{};
    std::string chat{};
    bool config_stdin = false;
};

Outcome<std::string> path_of(Session& session, const ChannelFlags& flags,
                             const std::string& rest = "") {
    const Outcome<std::string> team = choose_team(session, flags.team);
    if (!team) return team.error();
    return fmt::format("/teams/{}/channels{}", path_part(*team), rest);
}

std::string one(const ChannelFlags& flags, const std::string& rest = "") {
    return "/" + path_part(flags.id) + rest;
}

std::string health_of(const json::value& channel) {
    if (!truth(channel, "enabled")) return "off";
    const std::string error = text(channel, "last_error");
    if (!error.empty()) {
        return fmt::format("failing ({}): {}", number(channel, "failures").value_or(0), error);
    }
    return number(channel, "last_sent_ms") ? "ok" : "not used yet";
}

std::string joined(const json::value& channel) {
    std::string events;
    for (const json::value& event : list(channel, "events")) {
        if (event.is_string())
            events += (events.empty() ? "" : ",") + std::string(event.as_string());
    }
    return events;
}

Outcome<> list_them(Context& context, const ChannelFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(**session, flags);
    if (!path) return path.error();
    const Outcome<Answer> answer = (*session)->get(*path);
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"ID", "NAME", "KIND", "TO", "EVENTS", "HEALTH"}};
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"), printable(text(item, "name"), Colour::strip),
                        text(item, "kind"), printable(text(item, "target"), Colour::strip),
                        joined(item), printable(health_of(item), Colour::strip)});
    }
    context.output.table(rows);
    return {};
}

/// What opens the channel never stands in an argument.
Outcome<json::bj::object> config_of(const ChannelFlags& flags) {
    json::bj::object config;
    if (flags.kind == "email") {
        if (flags.addresses.empty()) return usage("a mail channel needs --to ADDRESS");
        config["addresses"] = json::bj::array(flags.addresses.begin(), flags.addresses.end());
        return config;
    }
    const bool telegram = flags.kind == "telegram";
    if (telegram && flags.chat.empty()) return usage("a Telegram channel needs --chat ID");
    if (!flags.config_stdin) {
        return usage(telegram ? "give the bot's token on stdin, with --secret-stdin"
                              : "give the channel's address on stdin, with --secret-stdin");
    }
    const Outcome<std::string> secret = read_stdin(telegram ? "the bot's token" : "the address");
    if (!secret) return secret.error();
    config[telegram ? "token" : "url"] = *secret;
    if (telegram) config["chat"] = flags.chat;
    return config;
}

Outcome<> add(Context& context, const ChannelFlags& flags) {
    const Outcome<json::bj::object> config = config_of(flags);
    if (!config) return config.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(**session, flags);
    if (!path) return path.error();
    json::bj::object body{{"kind", flags.kind},
                          {"name", flags.name.empty() ? flags.kind : flags.name},
                          {"events", json::bj::array(flags.events.begin(), flags.events.end())},
                          {"config", *config}};
    if (!context.options.project.empty()) {
        const Outcome<Answer> project =
            (*session)->get("/projects/" + path_part(context.options.project));
        if (!project) return project.error();
        body["project"] = text(project->body, "id");
    }
    const Outcome<Answer> added = (*session)->post(*path, body);
    if (!added) return added.error();
    if (context.output.json()) {
        context.output.object(added->body);
        return {};
    }
    const json::value* channel = member(added->body, "channel");
    const std::string id = channel == nullptr ? "" : text(*channel, "id");
    context.output.result(id);
    if (const std::string secret = text(added->body, "secret"); !secret.empty()) {
        context.output.result(secret);
        context.output.note("Its messages are signed with the second line, shown this once.");
    }
    context.output.note(fmt::format("Try it: berth channels test {}", id));
    return {};
}

Outcome<> remove(Context& context, const ChannelFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(**session, flags, one(flags));
    if (!path) return path.error();
    const Outcome<Answer> gone = (*session)->remove(*path);
    if (!gone) return gone.error();
    context.output.note(fmt::format("Removed {}.", flags.id));
    return {};
}

Outcome<> test(Context& context, const ChannelFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(**session, flags, one(flags, "/test"));
    if (!path) return path.error();
    const Outcome<Answer> sent = (*session)->post(*path, json::bj::object{});
    if (!sent) return sent.error();
    if (context.output.json()) context.output.object(sent->body);
    context.output.note(
        fmt::format("Sent. What became of it: berth channels notifications {}", flags.id));
    return {};
}

Outcome<> notifications(Context& context, const ChannelFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(**session, flags, one(flags, "/notifications"));
    if (!path) return path.error();
    const Outcome<Answer> answer = (*session)->get(*path);
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "WHEN", "EVENT", "STATE", "ATTEMPTS", "ERROR"}};
    for (const json::value& item : list(answer->body, "items")) {
        rows.push_back({text(item, "id"),
                        since(number(item, "created_at_ms").value_or(0), unix_now_ms()),
                        text(item, "event"), text(item, "state"),
                        std::to_string(number(item, "attempts").value_or(0)),
                        printable(text(item, "error"), Colour::strip)});
    }
    context.output.table(rows);
    return {};
}

Outcome<> redeliver(Context& context, const ChannelFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path =
        path_of(**session, flags,
                one(flags, "/notifications/" + path_part(flags.notification) + "/redeliver"));
    if (!path) return path.error();
    const Outcome<Answer> again = (*session)->post(*path, json::bj::object{});
    if (!again) return again.error();
    if (context.output.json()) context.output.object(again->body);
    context.output.note(fmt::format("Sending {} again.", flags.notification));
    return {};
}

std::shared_ptr<ChannelFlags> add_flags(CLI::App* command, bool about_one) {
    const auto flags = std::make_shared<ChannelFlags>();
    command->add_option("--team", flags->team, "Team, when you belong to several")->type_name("T");
    if (about_one) command->add_option("ID", flags->id, "Channel")->required()->type_name("");
    return flags;
}

void add_adding(CLI::App& noun, Parsed& parsed) {
    CLI::App* adds = add_command(
        noun, "add", "Have a team told of its deployments",
        {{"berth channels add email --to ann@example.com", ""},
         {"berth channels add slack --secret-stdin < address", "an incoming webhook"},
         {"berth channels add webhook -p shop --secret-stdin < address", "of one project"}});
    const auto given = add_flags(adds, false);
    adds->add_option("KIND", given->kind, "email, slack, discord, teams, telegram or webhook")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"email", "slack", "discord", "teams", "telegram", "webhook"}));
    adds->add_option("--name", given->name, "Name")->type_name("N");
    adds->add_option("--event", given->events,
                     "What to tell of; again for more (deployment_broke, deployment_recovered)")
        ->allow_extra_args(false)
        ->type_name("E");
    adds->add_option("--to", given->addresses, "Mail address; again for more")
        ->allow_extra_args(false)
        ->type_name("A");
    adds->add_option("--chat", given->chat, "Chat of Telegram")->type_name("ID");
    adds->add_flag("--secret-stdin", given->config_stdin, "Read the address or token from stdin");
    on_run(adds, parsed, given, add);
}

}  // namespace

void add_channels(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "channels", "Where a team hears of its deployments");
    CLI::App* listed = add_command(
        noun, "list", "Channels and how they do",
        {{"berth channels list", ""}, {"berth channels list --json", "as the API has it"}});
    on_run(listed, parsed, add_flags(listed, false), list_them);
    add_adding(noun, parsed);
    CLI::App* tests = add_command(
        noun, "test", "Send a test message",
        {{"berth channels test ntf_0192", ""}, {"berth channels test ntf_0192 --team crew", ""}});
    on_run(tests, parsed, add_flags(tests, true), test);
    CLI::App* told = add_command(noun, "notifications", "What was sent, and what became of it",
                                 {{"berth channels notifications ntf_0192", ""},
                                  {"berth channels notifications ntf_0192 --json", ""}});
    on_run(told, parsed, add_flags(told, true), notifications);
    CLI::App* again = add_command(noun, "redeliver", "Send a message again",
                                  {{"berth channels redeliver ntf_0192 not_0192", ""},
                                   {"berth channels redeliver ntf_0192 not_0192 --json", ""}});
    const auto which = add_flags(again, true);
    again->add_option("NOTIFICATION", which->notification, "Message")->required()->type_name("");
    on_run(again, parsed, which, redeliver);
    CLI::App* gone = add_command(
        noun, "rm", "Remove a channel",
        {{"berth channels rm ntf_0192", ""}, {"berth channels rm ntf_0192 --team crew", ""}});
    on_run(gone, parsed, add_flags(gone, true), remove);
}

}  // namespace berth::cli

#include "base/clock.hpp"
#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/deployment_end.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

constexpr std::int64_t cancel_patience_ms = 15'000;  // the server's own limit is 10 s
constexpr std::chrono::milliseconds cancel_pause{300};

struct ListFlags {
    std::size_t limit = 20;
};
struct IdFlags {
    std::string id{};
};
struct RedeployFlags {
    std::string id{};
    bool reuse = false;
    bool no_cache = false;
    Waiting waiting{};
};

Outcome<> list_them(Context& context, const ListFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<json::bj::array> items = (*session)->get_all(
        fmt::format("/projects/{}/deployments", path_part(project->name)), flags.limit);
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {
        {"ID", "STATE", "ENVIRONMENT", "REF", "COMMIT", "CREATED", "URL"}};
    for (const json::value& item : *items) {
        const Deployment one = deployment_of(item);
        rows.push_back({one.id, one.reason.empty() ? one.state : one.state + ":" + one.reason,
                        one.environment, one.ref, one.commit.substr(0, 7),
                        since(one.created_at_ms, unix_now_ms()), one.url});
    }
    context.output.table(rows);
    return {};
}

Outcome<> get(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get("/deployments/" + path_part(flags.id));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    const Deployment one = deployment_of(answer->body);
    std::vector<std::vector<std::string>> rows = {
        {"id", one.id},
        {"project", one.project_name.empty() ? one.project : one.project_name},
        {"state", one.state},
        {"environment", one.environment},
        {"url", one.url},
        {"ref", one.ref},
        {"commit", one.commit},
        {"message", printable(one.message.substr(0, one.message.find('\n')), Colour::strip)}};
    if (!one.reason.empty()) rows.push_back({"reason", one.reason});
    if (one.checks > 0) {
        rows.push_back(
            {"checks", fmt::format("{} of {} passed", one.checks - one.checks_failed, one.checks)});
    }
    if (one.exit_code) rows.push_back({"exit code", std::to_string(*one.exit_code)});
    if (!one.detail.empty()) rows.push_back({"detail", printable(one.detail, Colour::strip)});
    if (!one.first_error.empty()) {
        rows.push_back({"first error", printable(one.first_error, Colour::strip)});
    }
    if (!one.next_step.empty()) rows.push_back({"next step", one.next_step});
    for (const json::value& step : list(answer->body, "steps")) {
        const auto begin = number(step, "begin_ms");
        const auto end = number(step, "end_ms");
        const std::string took = begin && end ? " " + duration(*end - *begin) : "";
        rows.push_back({"step " + text(step, "name"), text(step, "state") + took});
    }
    context.output.table(rows);
    return {};
}

/// Prints what came of them; fails when one of them did.
Outcome<> checks(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = choose_deployment(context, **session, flags.id);
    if (!id) return id.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/deployments/{}/checks", path_part(*id)));
    if (!answer) return answer.error();
    const json::bj::array& items = list(answer->body, "items");
    if (context.output.json()) {
        context.output.object(answer->body);
    } else if (items.empty()) {
        context.output.note("It has no checks: its berth.toml declares no gates.");
    } else {
        context.output.raw(words_of_checks(items));
    }
    return failed_checks(items);
}

/// Waits until the build is really gone, as the server promises within 10 s.
Outcome<> cancel(Context& context, const IdFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const std::string path = "/deployments/" + path_part(flags.id);
    const Outcome<Answer> asked = (*session)->post(path + "/cancel", json::bj::object{});
    if (!asked) return asked.error();
    json::value body = asked->body;
    const std::int64_t end_ms = steady_now_ms() + cancel_patience_ms;
    while (!is_over(deployment_of(body)) && steady_now_ms() < end_ms) {
        context.output.status("canceling");
        const Outcome<> paused = context.loop.pause(cancel_pause);
        if (!paused) return paused;
        const Outcome<Answer> now = (*session)->get(path);
        if (!now) return now.error();
        body = now->body;
    }
    if (context.output.json()) {
        context.output.object(body);
    } else {
        context.output.result(text(body, "state"));
    }
    if (is_over(deployment_of(body))) return {};
    return problem(Exit::timed_out, "still_canceling", "it was asked to stop, but still runs",
                   "look again", "berth deployments get " + flags.id);
}

Outcome<> redeploy(Context& context, const RedeployFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = choose_deployment(context, **session, flags.id);
    if (!id) return id.error();
    json::bj::object wanted;
    if (flags.reuse) wanted["reuse"] = true;
    if (flags.no_cache) wanted["use_caches"] = false;
    const Outcome<Answer> started =
        (*session)->post(fmt::format("/deployments/{}/redeploy", path_part(*id)), wanted);
    if (!started) return started.error();
    std::string name = text(started->body, "project_name");
    if (name.empty()) {
        const Outcome<Project> project = find_project(**session, text(started->body, "project"));
        if (!project) return project.error();
        name = project->name;
    }
    return see_through(context, **session, started->body, name, flags.waiting);
}

Outcome<> remove(Context& context, const IdFlags& flags) {
    const Outcome<bool> sure =
        context.terminal.confirm(fmt::format("Delete the deployment {}?", flags.id));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was deleted");
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> gone = (*session)->remove("/deployments/" + path_part(flags.id));
    if (!gone) return gone.error();
    context.output.note(fmt::format("Deleted {}.", flags.id));
    return {};
}

std::shared_ptr<IdFlags> add_id(CLI::App* command) {
    const auto flags = std::make_shared<IdFlags>();
    command->add_option("ID", flags->id, "Deployment")->required()->type_name("");
    return flags;
}

void add_redeploy(CLI::App& noun, Parsed& parsed) {
    CLI::App* command = add_command(
        noun, "redeploy", "Build the same commit again; without ID, that of the newest",
        {{"berth deployments redeploy", ""},
         {"berth deployments redeploy dpl_… --reuse", "take the old output if nothing changed"},
         {"berth deployments redeploy --no-cache", "install and build from nothing"}});
    const auto flags = std::make_shared<RedeployFlags>();
    command->add_option("ID", flags->id, "Deployment")->type_name("");
    CLI::Option* reuse =
        command->add_flag("--reuse", flags->reuse, "Reuse an earlier result of the same inputs");
    command
        ->add_flag("--no-cache", flags->no_cache,
                   "Use nothing that earlier builds left; replaces it")
        ->excludes(reuse);
    command->add_flag("--no-wait", flags->waiting.no_wait, "Print the address and do not wait");
    command->add_flag("--cancel-on-interrupt", flags->waiting.cancel_on_interrupt,
                      "Ctrl-C cancels the deployment instead of leaving it to run");
    on_run(command, parsed, flags, redeploy);
}

}  // namespace

void add_deployments(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "deployments",
                               "List, look at, compare, cancel, repeat and delete deployments");
    CLI::App* listed = add_command(noun, "list", "Newest first",
                                   {{"berth deployments list -p shop", ""},
                                    {"berth deployments list --limit 100 --json", "one object"}});
    also(listed, {"ls"});
    const auto limit = std::make_shared<ListFlags>();
    listed->add_option("--limit", limit->limit, "How many at most")
        ->type_name("N")
        ->check(CLI::Range(1, 2000));
    on_run(listed, parsed, limit, list_them);

    CLI::App* one = add_command(noun, "get", "Print one deployment",
                                {{"berth deployments get dpl_…", ""},
                                 {"berth deployments get dpl_… --json", "as the API has it"}});
    on_run(one, parsed, add_id(one), get);
    add_deployment_files(noun, parsed);
    add_logs(noun, parsed);
    add_diff(noun, parsed);
    CLI::App* stop = add_command(noun, "cancel", "Stop a deployment; prints its state",
                                 {{"berth deployments cancel dpl_…", ""},
                                  {"berth deployments cancel dpl_… --json", "one object"}});
    on_run(stop, parsed, add_id(stop), cancel);
    CLI::App* checked = add_command(
        noun, "checks", "What came of the checks of berth.toml; without ID, of the newest",
        {{"berth deployments checks", "exit code 5 when one failed"},
         {"berth deployments checks dpl_… --json", "as the API has it"}});
    const auto of = std::make_shared<IdFlags>();
    checked->add_option("ID", of->id, "Deployment")->type_name("");
    on_run(checked, parsed, of, checks);
    add_redeploy(noun, parsed);
    CLI::App* gone = add_command(noun, "rm", "Delete a deployment that is not live",
                                 {{"berth deployments rm dpl_…", "asks first"},
                                  {"berth deployments rm dpl_… -y", "does not ask"}});
    on_run(gone, parsed, add_id(gone), remove);
}

}  // namespace berth::cli

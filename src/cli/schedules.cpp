#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct ScheduleFlags {
    std::string cron{};
    std::string time_zone{};
    std::string ref{};
    std::string id{};
};

Outcome<std::string> path_of(Context& context, Session& session, const std::string& rest = "") {
    const Outcome<Project> project = choose_project(context, session);
    if (!project) return project.error();
    return fmt::format("/projects/{}/schedules{}", path_part(project->name), rest);
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session);
    if (!path) return path.error();
    const Outcome<Answer> answer = (*session)->get(*path);
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    const auto when = [](const json::value& item, const char* key) {
        return since(number(item, key).value_or(0), unix_now_ms());
    };
    std::vector<std::vector<std::string>> rows = {
        {"ID", "CRON", "TIME ZONE", "BRANCH", "NEXT", "LAST", "TROUBLE"}};
    for (const json::value& item : list(answer->body, "items")) {
        const std::string ref = text(item, "ref");
        rows.push_back({text(item, "id"), text(item, "cron"), text(item, "time_zone"),
                        ref.empty() ? "(production)" : printable(ref, Colour::strip),
                        when(item, "next_at_ms"), when(item, "last_at_ms"),
                        printable(text(item, "trouble"), Colour::strip)});
    }
    context.output.table(rows);
    return {};
}

Outcome<> add_one(Context& context, const ScheduleFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session);
    if (!path) return path.error();
    json::bj::object wanted{{"cron", flags.cron}};
    if (!flags.time_zone.empty()) wanted["time_zone"] = flags.time_zone;
    if (!flags.ref.empty()) wanted["ref"] = flags.ref;
    const Outcome<Answer> made = (*session)->post(*path, wanted);
    if (!made) return made.error();
    const auto next = number(made->body, "next_at_ms");
    if (next) context.output.note("It comes " + since(*next, unix_now_ms()) + ".");
    if (context.output.json()) {
        context.output.object(made->body);
    } else {
        context.output.result(text(made->body, "id"));
    }
    return {};
}

Outcome<> remove_one(Context& context, const ScheduleFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> path = path_of(context, **session, "/" + path_part(flags.id));
    if (!path) return path.error();
    const Outcome<Answer> gone = (*session)->remove(*path);
    if (!gone) return gone.error();
    context.output.note(fmt::format("Removed {}.", flags.id));
    return {};
}

}  // namespace

void add_schedules(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "schedules", "Redeploy by the clock");
    CLI::App* listed =
        add_command(noun, "list", "What is scheduled, and what became of the last time",
                    {{"berth schedules list -p shop", ""},
                     {"berth schedules list --json", "one object with items"}});
    on_run(listed, parsed, list_them);
    CLI::App* added =
        add_command(noun, "add", "Redeploy whenever a cron expression fits; prints its id",
                    {{"berth schedules add '30 4 * * *' --time-zone Europe/Berlin", "each night"},
                     {"berth schedules add '0 9 * * mon' --ref next", "a branch, on Mondays"}});
    const auto flags = std::make_shared<ScheduleFlags>();
    added->add_option("CRON", flags->cron, "Minute, hour, day of the month, month, day of the week")
        ->required()
        ->type_name("");
    added->add_option("--time-zone", flags->time_zone, "Of its times of day")
        ->type_name("ZONE")
        ->default_str("UTC");
    added->add_option("--ref", flags->ref, "Branch (default: production's)")->type_name("BRANCH");
    on_run(added, parsed, flags, add_one);
    CLI::App* gone = add_command(noun, "rm", "Redeploy so no more",
                                 {{"berth schedules rm sch_…", ""}, {"berth schedules list", ""}});
    const auto of = std::make_shared<ScheduleFlags>();
    gone->add_option("ID", of->id, "Schedule")->required()->type_name("");
    on_run(gone, parsed, of, remove_one);
}

}  // namespace berth::cli

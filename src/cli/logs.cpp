#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/log_stream.hpp"
#include "cli/progress.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct LogFlags {
    std::string id{};
    bool follow = false;
    bool text = false;
    std::int64_t after = 0;
};

/// All that there is now; asks again until an answer brings nothing new.
Outcome<> read_all(Session& session, const std::string& id, const std::shared_ptr<LogPlace>& place,
                   const std::function<void(const LogLine&)>& on_line) {
    std::int64_t before = -1;
    while (!place->over && place->next != before) {
        before = place->next;
        const Outcome<> read = read_log(session, id, place, 0, on_line);
        if (!read) return read;
    }
    return {};
}

Outcome<> logs(Context& context, const LogFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = choose_deployment(context, **session, flags.id);
    if (!id) return id.error();

    const auto place = std::make_shared<LogPlace>();
    place->next = flags.after;
    Output& output = context.output;
    const auto on_line = [&output](const LogLine& line) {
        if (output.json()) {
            output.result(line.object);
        } else {
            output.result(shown(line, output.terminal().colour_out()));
        }
    };
    const Outcome<> read = flags.follow ? follow_log(**session, output, *id, place, on_line)
                                        : read_all(**session, *id, place, on_line);
    if (read) return {};
    Problem stop = read.error();
    if (stop.exit == Exit::interrupted || stop.exit == Exit::timed_out) {
        stop.next = {{.label = "resume",
                      .command = fmt::format("berth logs {} -f --after {}", *id, place->next)}};
    }
    return stop;
}

}  // namespace

void add_logs(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "logs", "Print the build log of a deployment; without ID, of the newest",
        {{"berth logs -f", "of the newest deployment, until it is over"},
         {"berth logs dpl_… --after 1200 --json", "one object per line, from line 1200"}});
    const auto flags = std::make_shared<LogFlags>();
    command->add_option("ID", flags->id, "Deployment")->type_name("");
    command->add_flag("-f,--follow", flags->follow, "Wait for more until the deployment is over");
    command->add_option("--after", flags->after, "Begin with this line; the first is 0")
        ->type_name("LINE")
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--text", flags->text, "Plain lines (the default; --json: objects)");
    on_run(command, parsed, flags, logs);
}

}  // namespace berth::cli

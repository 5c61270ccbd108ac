#include <deque>

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/log_filter.hpp"
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
    std::size_t last = 0;  // 0: all
    LogFilterFlags filter{};
};

/// Prints lines that the filter takes; held back, it keeps the last ones until `release`.
class Printer {
public:
    Printer(Output& output, LogFilter filter, std::size_t last)
        : output_(output), filter_(std::move(filter)), last_(last), holds_(last > 0) {}

    void take(const LogLine& line) {
        if (!filter_.takes(line)) return;
        const std::string text =
            output_.json() ? line.object : shown(line, output_.terminal().colour_out());
        if (!holds_) return output_.result(text);
        if (held_.size() == last_) held_.pop_front();
        held_.push_back(text);
    }

    void release() {
        for (const std::string& text : held_)
            output_.result(text);
        held_.clear();
        holds_ = false;
    }

private:
    Output& output_;
    LogFilter filter_;
    std::size_t last_;
    bool holds_;
    std::deque<std::string> held_{};
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
    const Outcome<LogFilter> filter = LogFilter::of(flags.filter, unix_now_ms());
    if (!filter) return filter.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<std::string> id = choose_deployment(context, **session, flags.id);
    if (!id) return id.error();

    const auto place = std::make_shared<LogPlace>();
    place->next = flags.after;
    // Shared: a call that Ctrl-C left behind may still bring lines.
    const auto printer = std::make_shared<Printer>(context.output, *filter, flags.last);
    const auto on_line = [printer](const LogLine& line) { printer->take(line); };
    Outcome<> read;
    if (!flags.follow || flags.last > 0) read = read_all(**session, *id, place, on_line);
    printer->release();
    if (read && flags.follow) read = follow_log(**session, context.output, *id, place, on_line);
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
         {"berth logs dpl_… --after 1200 --json", "one object per line, from line 1200"},
         {"berth logs -n 50 --level warning", "the last 50 warnings and errors"},
         {"berth logs -f --step build --since 10m", ""}});
    const auto flags = std::make_shared<LogFlags>();
    command->add_option("ID", flags->id, "Deployment")->type_name("");
    command->add_flag("-f,--follow", flags->follow, "Wait for more until the deployment is over");
    command->add_option("--after", flags->after, "Begin with this line; the first is 0")
        ->type_name("LINE")
        ->check(CLI::NonNegativeNumber);
    command->add_option("-n,--lines", flags->last, "The last so many; 1 to 100,000")
        ->type_name("N")
        ->check(CLI::Range(1, 100'000));
    add_log_filter(command, flags->filter);
    command->add_flag("--text", flags->text, "Plain lines (the default; --json: objects)");
    on_run(command, parsed, flags, logs);
}

}  // namespace berth::cli

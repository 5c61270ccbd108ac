#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr int pages_max = 200;  // each looks at 16 MiB at most

struct SearchFlags {
    std::string pattern{};
    std::string deployment{};
    std::string level{};
    std::string step{};
    bool regex = false;
    bool match_case = false;
    std::size_t limit = 100;
};

std::string query_of(const SearchFlags& flags) {
    std::string query = "?q=" + path_part(flags.pattern);
    const std::pair<const char*, std::string> filters[] = {{"match", flags.regex ? "regex" : ""},
                                                           {"case", flags.match_case ? "true" : ""},
                                                           {"level", flags.level},
                                                           {"step", flags.step},
                                                           {"deployment", flags.deployment}};
    for (const auto& [name, value] : filters) {
        if (!value.empty()) query += fmt::format("&{}={}", name, path_part(value));
    }
    return query;
}

void print(Output& output, const json::value& hit) {
    if (output.json()) {
        output.object(hit);
        return;
    }
    const Colour colour = output.terminal().colour_out() ? Colour::keep : Colour::strip;
    output.result(fmt::format("{}:{} {} {}", text(hit, "deployment"),
                              number(hit, "line").value_or(0) + 1, text(hit, "step"),
                              printable(text(hit, "text"), colour)));
}

Outcome<> search(Context& context, const SearchFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const std::string path =
        fmt::format("/projects/{}/logs/search{}", path_part(project->name), query_of(flags));
    std::size_t found = 0;
    std::int64_t bytes = 0;
    std::string cursor;
    for (int page = 0; page < pages_max && found < flags.limit; ++page) {
        const std::size_t wanted = std::min<std::size_t>(100, flags.limit - found);
        const std::string at = cursor.empty() ? "" : "&cursor=" + path_part(cursor);
        const Outcome<Answer> answer =
            (*session)->get(fmt::format("{}&limit={}{}", path, wanted, at));
        if (!answer) return answer.error();
        context.output.status("");
        for (const json::value& hit : list(answer->body, "items")) {
            print(context.output, hit);
            ++found;
        }
        bytes += number(answer->body, "bytes").value_or(0);
        cursor = text(answer->body, "next");
        if (cursor.empty()) break;
        context.output.status(fmt::format("looked at {}", bytes_text(bytes)));
    }
    context.output.status("");
    context.output.note(fmt::format(
        "{} line(s) in {} of logs{}", found, bytes_text(bytes),
        cursor.empty() ? "." : "; there is more to look at: --limit, --deployment or --level."));
    return {};
}

}  // namespace

void add_search(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "search", "Find lines in the logs of a project's deployments, the newest first",
        {{"berth search 'Cannot find module' -p shop", "whatever the case"},
         {"berth search --regex 'TS[0-9]+' --level error", ""},
         {"berth search oars --step install --json", "one object per line"}});
    const auto flags = std::make_shared<SearchFlags>();
    command->add_option("PATTERN", flags->pattern, "Text, or with --regex an expression")
        ->required()
        ->type_name("");
    command->add_flag("--regex", flags->regex, "PATTERN is an expression in RE2's syntax");
    command->add_flag("--match-case", flags->match_case, "Upper and lower case are two");
    command->add_option("--deployment", flags->deployment, "Only the log of this one")
        ->type_name("ID");
    command->add_option("--level", flags->level, "warning (and errors) or error")
        ->type_name("L")
        ->check(CLI::IsMember({"info", "warning", "error"}));
    command->add_option("--step", flags->step, "prepare, clone, install, build or publish")
        ->type_name("S")
        ->check(CLI::IsMember({"prepare", "clone", "install", "build", "publish"}));
    command->add_option("--limit", flags->limit, "How many lines at most; default: 100")
        ->type_name("N")
        ->check(CLI::Range(1, 10'000));
    on_run(command, parsed, flags, search);
}

}  // namespace berth::cli

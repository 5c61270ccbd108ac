#include "base/clock.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct SearchFlags {
    std::string team{};
    std::string actor{};
    std::string action{};
    std::string last{};
    std::string format = "ndjson";
    int limit = 50;
};
struct VerifyFlags {
    std::string last_hash{};
};

/// "/audit?…" or "/teams/T/audit?…", ready for more parameters.
Outcome<std::string> path_of(const Context& context, const SearchFlags& flags,
                             const std::string& below) {
    std::string path = flags.team.empty() ? "/audit" : "/teams/" + path_part(flags.team) + "/audit";
    path += below + "?";
    const std::pair<const char*, std::string> filters[] = {
        {"actor", flags.actor}, {"action", flags.action}, {"project", context.options.project}};
    for (const auto& [name, text] : filters) {
        if (!text.empty()) path += fmt::format("{}={}&", name, path_part(text));
    }
    if (flags.last.empty()) return path;
    const Outcome<std::int64_t> ago_ms = parse_duration(flags.last, "--last");
    if (!ago_ms) return ago_ms.error();
    return path + fmt::format("since_ms={}&", unix_now_ms() - *ago_ms);
}

Outcome<> list_them(Context& context, const SearchFlags& flags) {
    const Outcome<std::string> path = path_of(context, flags, "");
    if (!path) return path.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get(fmt::format("{}limit={}", *path, flags.limit));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"WHEN", "WHO", "FROM", "WHAT", "ON", "DETAIL"}};
    for (const json::value& item : list(answer->body, "items")) {
        const auto cell = [&](std::string_view key) {
            return printable(text(item, key), Colour::strip);
        };
        rows.push_back({since(number(item, "at_ms").value_or(0), unix_now_ms()), cell("actor"),
                        cell("address"), cell("action"), cell("target"), cell("detail")});
    }
    context.output.table(rows);
    return {};
}

Outcome<> export_them(Context& context, const SearchFlags& flags) {
    const Outcome<std::string> path = path_of(context, flags, "/export");
    if (!path) return path.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const auto print = [&output = context.output](std::string_view piece) { output.raw(piece); };
    return (*session)->stream(*path + "format=" + flags.format, "*/*", print);
}

/// Reads the verdict; a chain that does not hold is a failure, also for scripts.
Outcome<> verify(Context& context, const VerifyFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> answer = (*session)->get("/audit/verification");
    if (!answer) return answer.error();
    if (context.output.json()) context.output.object(answer->body);
    if (!truth(answer->body, "intact")) {
        return problem(
            Exit::failure, "audit_broken",
            fmt::format("row {} of the audit log is {}", number(answer->body, "at").value_or(0),
                        text(answer->body, "fault")),
            "look at the rows around it", "berth audit export --format csv");
    }
    const std::string last_hash = text(answer->body, "last_hash");
    if (!flags.last_hash.empty()) {
        // A row that was the last one then is still there, with that hash.
        bool found = last_hash == flags.last_hash;
        std::string rest;
        const auto look = [&](std::string_view piece) {
            rest += piece;
            found = found || rest.contains("\"hash\":\"" + flags.last_hash + "\"");
            constexpr std::size_t kept = 128;  // longer than what is looked for
            if (rest.size() > kept) rest.erase(0, rest.size() - kept);
        };
        if (!found) {
            const Outcome<> read =
                (*session)->stream("/audit/export?format=ndjson", "application/x-ndjson", look);
            if (!read) return read.error();
        }
        if (!found) {
            return problem(Exit::failure, "audit_rewritten",
                           "no row of the audit log has that hash: it was written anew, or the row "
                           "is older than what is kept");
        }
    }
    if (!context.output.json()) {
        context.output.note(
            fmt::format("{} rows are as they were written. The last one, {}, has the hash below; "
                        "note it elsewhere.",
                        number(answer->body, "rows").value_or(0),
                        number(answer->body, "last_id").value_or(0)),
            Style::green);
        context.output.result(last_hash);
    }
    return {};
}

std::shared_ptr<SearchFlags> add_filters(CLI::App* command) {
    const auto flags = std::make_shared<SearchFlags>();
    command->add_option("--team", flags->team, "A team's rows, by its slug; default: all")
        ->type_name("T");
    command->add_option("--actor", flags->actor, "Who did it, by e-mail address")->type_name("E");
    command->add_option("--action", flags->action, "What, such as token_created")->type_name("A");
    command->add_option("--last", flags->last, "Not older than this, such as 7d")->type_name("D");
    return flags;
}

void add_list(CLI::App& parent, Parsed& parsed, const std::string& name, const std::string& help,
              const std::string& path) {
    CLI::App* listed =
        add_command(parent, name, help,
                    {{path + " --actor ada@example.org --last 7d", ""},
                     {path + " --team crew -p shop", "of a team you are an admin of"}});
    const auto search = add_filters(listed);
    listed->add_option("--limit", search->limit, "How many; default: 50")
        ->type_name("N")
        ->check(CLI::Range(1, 100));
    on_run(listed, parsed, search, list_them);
}

}  // namespace

void add_activity(CLI::App& app, Parsed& parsed) {
    add_list(app, parsed, "activity", "Who did what, the newest first", "berth activity");
}

void add_audit(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "audit", "Who did what, and whether the log is whole");
    add_list(noun, parsed, "list", "The newest first", "berth audit list");

    CLI::App* exported =
        add_command(noun, "export", "All rows to stdout, the oldest first",
                    {{"berth audit export > audit.ndjson", ""},
                     {"berth audit export --format csv > audit.csv", "for a spreadsheet"}});
    const auto file = add_filters(exported);
    exported->add_option("--format", file->format, "ndjson or csv; default: ndjson")
        ->type_name("F")
        ->check(CLI::IsMember({"ndjson", "csv"}));
    on_run(exported, parsed, file, export_them);

    CLI::App* verified = add_command(
        noun, "verify", "Find a row that was changed, removed or put elsewhere",
        {{"berth audit verify", "prints the hash of the last row"},
         {"berth audit verify --last-hash 5f1c…", "also finds a log that was written anew"}});
    const auto known = std::make_shared<VerifyFlags>();
    verified->add_option("--last-hash", known->last_hash, "What an earlier run printed")
        ->type_name("H");
    on_run(verified, parsed, known, verify);
}

}  // namespace berth::cli

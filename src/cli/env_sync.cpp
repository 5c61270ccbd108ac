#include "cli/env_sync.hpp"

#include <unistd.h>

#include <set>

#include "base/file.hpp"
#include "base/process.hpp"
#include "cli/command.hpp"
#include "cli/dotenv.hpp"
#include "cli/env_items.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

namespace {

struct SyncFlags {
    std::string file = ".env.local";
    EnvPlace place{.environment = "preview", .branch = {}};
    bool plain = false;
    bool prune = false;
    std::vector<std::string> command{};
};

/// The list of a project, as it was when we looked.
struct Shown {
    std::string project{};
    json::bj::array items{};
    std::string etag{};
};

Outcome<Shown> look(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/projects/{}/env", path_part(project->name)));
    if (!answer) return answer.error();
    return Shown{project->name, list(answer->body, "items"), answer->etag};
}

Outcome<> check_place(const EnvPlace& place) {
    if (place.branch.empty() || place.environment == "preview") return {};
    return usage("--branch goes with --environment preview");
}

std::string joined(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

/// Readable ones, and the names of those whose values are never given back.
struct Split {
    std::vector<EnvEntry> readable{};
    std::vector<std::string> sealed{};
};

Split split(const json::bj::array& items) {
    Split found;
    for (const json::value& item : items) {
        const json::value* value = member(item, "value");
        if (value != nullptr && value->is_string()) {
            found.readable.emplace_back(text(item, "key"), text(item, "value"));
        } else {
            found.sealed.push_back(text(item, "key"));
        }
    }
    return found;
}

std::string file_of(const Split& variables, const Shown& shown, const EnvPlace& place) {
    std::string bytes =
        fmt::format("# {} of {}{}, by berth env pull\n", place.environment, shown.project,
                    place.branch.empty() ? "" : ", branch " + place.branch);
    for (const auto& [key, value] : variables.readable)
        bytes += key + "=" + dotenv_value(value) + "\n";
    for (const std::string& key : variables.sealed)
        bytes += "# " + key + " is write-only: Berth does not give its value back\n";
    return bytes;
}

/// Nobody's file is lost: what is there already and says something else is asked about.
Outcome<> pull(Context& context, const SyncFlags& flags) {
    if (const Outcome<> fits = check_place(flags.place); !fits) return fits.error();
    const Outcome<Shown> shown = look(context);
    if (!shown) return shown.error();
    const Split variables = split(effective_items(shown->items, flags.place));
    const std::string bytes = file_of(variables, *shown, flags.place);
    if (flags.file == "-") {
        context.output.raw(bytes);
        return {};
    }
    const Result<std::string> there = read_file(flags.file);
    if (!there && there.error().failure != Failure::not_found) {
        return usage(fmt::format("{}: {}", flags.file, there.error().message));
    }
    if (there && *there != bytes) {
        const Outcome<bool> sure = context.terminal.confirm(
            fmt::format("{} is there already. Write {} variable(s) over it?", flags.file,
                        variables.readable.size()));
        if (!sure) return sure.error();
        if (!*sure) return problem(Exit::failure, "declined", "nothing was written");
    }
    try {
        write_file(flags.file, bytes, 0600);
    } catch (const std::system_error& refused) {
        return problem(Exit::failure, "not_written", refused.what());
    }
    context.output.note(fmt::format("Wrote {} variable(s) of {} into {}. Keep it out of Git.",
                                    variables.readable.size(), shown->project, flags.file));
    if (!variables.sealed.empty()) {
        context.output.say("Write-only, and not in it: " + joined(variables.sealed));
    }
    return {};
}

/// What a push would do; the lines name variables and never say a value.
struct Plan {
    json::bj::array items{};
    std::vector<std::string> lines{};
};

Plan plan_push(const Shown& shown, const std::vector<EnvEntry>& entries, const SyncFlags& flags) {
    Plan plan{to_send(shown.items), {}};
    std::set<std::string> given;
    for (const auto& [key, value] : entries) {
        given.insert(key);
        const auto known = std::ranges::find_if(
            shown.items,
            [&, name = key](const json::value& item) { return is_same(item, name, flags.place); });
        const bool is_new = known == shown.items.end();
        const bool sealed = !is_new && truth(*known, "sensitive");
        if (!is_new && !sealed && text(*known, "value") == value) continue;
        const std::string_view mark = is_new ? "+" : "~";
        plan.lines.push_back(fmt::format("{} {}{}", mark, key, sealed ? " (write-only)" : ""));
        json::bj::object item{{"key", key},
                              {"value", value},
                              {"environment", flags.place.environment},
                              {"sensitive", is_new ? !flags.plain : sealed}};
        if (!flags.place.branch.empty()) item["branch"] = flags.place.branch;
        put_item(plan.items, item);
    }
    if (!flags.prune) return plan;
    json::bj::array kept;
    for (const json::value& item : plan.items) {
        const std::string key = text(item, "key");
        const bool doomed = is_same(item, key, flags.place) && !given.contains(key);
        if (doomed) plan.lines.push_back("- " + key);
        if (!doomed) kept.push_back(item);
    }
    plan.items = std::move(kept);
    return plan;
}

Outcome<std::vector<EnvEntry>> read_entries(const std::string& file) {
    std::string bytes;
    if (file == "-") {
        const Outcome<std::string> read = read_stdin("the variables");
        if (!read) return read.error();
        bytes = *read;
    } else {
        const Result<std::string> read = read_file(file);
        if (!read) return usage(fmt::format("{}: {}", file, read.error().message));
        bytes = *read;
    }
    Outcome<std::vector<EnvEntry>> entries = parse_dotenv(bytes);
    if (entries) return entries;
    Problem said = entries.error();
    said.detail = file + ": " + said.detail;
    return said;
}

/// What was asked about is what is saved: when somebody is faster, it fails and nothing changes.
Outcome<> push(Context& context, const SyncFlags& flags) {
    if (const Outcome<> fits = check_place(flags.place); !fits) return fits.error();
    const Outcome<std::vector<EnvEntry>> entries = read_entries(flags.file);
    if (!entries) return entries.error();
    const Outcome<Shown> shown = look(context);
    if (!shown) return shown.error();
    const Plan plan = plan_push(*shown, *entries, flags);
    const std::string where =
        fmt::format("{} ({}{})", shown->project, flags.place.environment,
                    flags.place.branch.empty() ? "" : ", branch " + flags.place.branch);
    if (plan.lines.empty()) {
        context.output.note(fmt::format("{} has these variables already.", where));
        return {};
    }
    for (const std::string& line : plan.lines)
        context.output.say(line);
    const Outcome<bool> sure =
        context.terminal.confirm(fmt::format("Save {} change(s) to {}?", plan.lines.size(), where));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was saved");
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Answer> put =
        (*session)->put(fmt::format("/projects/{}/env", path_part(shown->project)),
                        json::bj::object{{"items", plan.items}}, {.if_match = shown->etag});
    if (!put) return put.error();
    context.output.note(
        fmt::format("Saved. The next deployment uses them: berth deploy -p {}", shown->project));
    if (context.output.json()) context.output.object(put->body);
    return {};
}

/// Becomes the command, with our environment and the variables over it.
Outcome<> run(Context& context, const SyncFlags& flags) {
    if (const Outcome<> fits = check_place(flags.place); !fits) return fits.error();
    const Outcome<Shown> shown = look(context);
    if (!shown) return shown.error();
    const Split variables = split(effective_items(shown->items, flags.place));
    if (!variables.sealed.empty()) {
        context.output.note("Write-only, and not given to it: " + joined(variables.sealed),
                            Style::yellow);
    }
    std::set<std::string> given;
    std::vector<std::string> environment;
    for (const auto& [key, value] : variables.readable) {
        given.insert(key);
        environment.push_back(key + "=" + value);
    }
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view one = *each;
        if (!given.contains(std::string(one.substr(0, one.find('=')))))
            environment.emplace_back(one);
    }
    const std::string program = program_path(flags.command.front(), environment);
    std::vector<std::string> words = flags.command;
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& one : environment)
        envp.push_back(one.data());
    envp.push_back(nullptr);
    ::execve(program.c_str(), argv.data(), envp.data());
    return problem(Exit::not_found, "no_command",
                   fmt::format("{}: {}", flags.command.front(), std::strerror(errno)));
}

std::shared_ptr<SyncFlags> add_flags(CLI::App* command, bool for_all) {
    const auto flags = std::make_shared<SyncFlags>();
    if (for_all) flags->place.environment = "all";
    const char* words =
        for_all ? "production, preview or all (default)" : "production or preview (default)";
    std::set<std::string> environments = {"production", "preview"};
    if (for_all) environments.insert("all");
    command->add_option("--environment", flags->place.environment, words)
        ->type_name("E")
        ->check(CLI::IsMember(environments));
    command->add_option("--branch", flags->place.branch, "One branch of preview")->type_name("B");
    return flags;
}

}  // namespace

void add_env_sync(CLI::App& noun, Parsed& parsed) {
    CLI::App* pulls = add_command(
        noun, "pull", "Write what a build would get into a .env file that only you can read",
        {{"berth env pull", "into .env.local; asks before it writes over one"},
         {"berth env pull - --environment production", "to stdout"}});
    const auto to = add_flags(pulls, false);
    pulls->add_option("FILE", to->file, "File (.env.local); - is stdout")->type_name("");
    on_run(pulls, parsed, to, pull);

    CLI::App* printed = add_command(
        noun, "export", "Print what a build would get, as lines of a .env file",
        {{"berth env export > .env", ""}, {"berth env export --environment production", ""}});
    const auto out = add_flags(printed, false);
    out->file = "-";
    on_run(printed, parsed, out, pull);

    CLI::App* pushes =
        add_command(noun, "push", "Set the variables of a .env file, after showing what changes",
                    {{"berth env push .env --environment production", ""},
                     {"berth env push .env --prune --yes", "also removes what the file has not"}});
    const auto from = add_flags(pushes, true);
    pushes->add_option("FILE", from->file, "File (.env.local); - is stdin")->type_name("");
    pushes->add_flag("--plain", from->plain, "New ones are not sensitive: they may be shown");
    pushes->add_flag("--prune", from->prune, "Remove variables that the file does not have");
    on_run(pushes, parsed, from, push);

    CLI::App* runs = add_command(noun, "run", "Run a command with the variables that may be shown",
                                 {{"berth env run -- npm run dev", ""},
                                  {"berth env run --branch feat/new -- node server.js", ""}});
    const auto with = add_flags(runs, false);
    runs->add_option("CMD", with->command, "Command and its arguments, after --")
        ->required()
        ->type_name("");
    on_run(runs, parsed, with, run);
}

}  // namespace berth::cli

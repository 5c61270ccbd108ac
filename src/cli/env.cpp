#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/dotenv.hpp"
#include "cli/draft.hpp"
#include "cli/env_items.hpp"
#include "cli/env_sync.hpp"
#include "cli/project_choice.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

constexpr int attempts_max = 3;  // somebody else may change the list in between

struct EnvFlags {
    std::vector<std::string> names{};  // K=V, K or a file
    EnvPlace place{};
    bool plain = false;
    bool value_stdin = false;
};

Problem no_variable(const std::string& key, const EnvPlace& place) {
    return problem(
        Exit::not_found, "no_variable",
        fmt::format("there is no variable {} for the environment '{}'", key, place.environment),
        "see which there are", "berth env list");
}

using Change = std::function<Outcome<>(json::bj::array& items)>;

/// Reads the list, changes it and puts it back; again when somebody was faster.
Outcome<Answer> change(Session& session, const std::string& project, const Change& change) {
    const std::string path = fmt::format("/projects/{}/env", path_part(project));
    for (int attempt = 1;; ++attempt) {  // ends after attempts_max
        const Outcome<Answer> shown = session.get(path);
        if (!shown) return shown.error();
        json::bj::array items = to_send(list(shown->body, "items"));
        if (const Outcome<> ok = change(items); !ok) return ok.error();
        const Outcome<Answer> put = session.put(path, json::bj::object{{"items", std::move(items)}},
                                                {.if_match = shown->etag});
        if (put || put.error().status != 412 || attempt == attempts_max) return put;
    }
}

Outcome<> apply(Context& context, const Change& wanted, const std::string& said) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> put = change(**session, project->name, wanted);
    if (!put) return put.error();
    context.output.note(fmt::format("{} of {}. The next deployment uses it: berth deploy -p {}",
                                    said, project->name, project->name));
    if (context.output.json()) context.output.object(put->body);
    return {};
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/projects/{}/env", path_part(project->name)));
    if (!answer) return answer.error();
    if (context.output.json()) {
        context.output.object(answer->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"KEY", "ENVIRONMENT", "VALUE"}};
    for (const json::value& item : list(answer->body, "items")) {
        const std::string branch = text(item, "branch");
        rows.push_back({text(item, "key"),
                        text(item, "environment") + (branch.empty() ? "" : " (" + branch + ")"),
                        truth(item, "sensitive") ? "(sensitive)"
                                                 : printable(text(item, "value"), Colour::strip)});
    }
    context.output.table(rows);
    return {};
}

/// The value that the place has itself: what is inherited is in `env pull`.
Outcome<> get(Context& context, const EnvFlags& flags) {
    const std::string& key = flags.names.front();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> answer =
        (*session)->get(fmt::format("/projects/{}/env", path_part(project->name)));
    if (!answer) return answer.error();
    for (const json::value& item : list(answer->body, "items")) {
        if (!is_same(item, key, flags.place)) continue;
        if (context.output.json()) {
            context.output.object(item);
            return {};
        }
        if (truth(item, "sensitive")) {
            return problem(Exit::denied, "write_only",
                           fmt::format("{} is sensitive: nobody is shown its value", key),
                           "set another", "berth env set " + key);
        }
        context.output.result(text(item, "value"));
        return {};
    }
    return no_variable(key, flags.place);
}

json::value for_branch(json::value variable, const EnvPlace& place) {
    if (!place.branch.empty()) variable.get_object()["branch"] = place.branch;
    return variable;
}

Outcome<std::vector<json::value>> variables_of(const EnvFlags& flags) {
    std::vector<json::value> variables;
    if (flags.value_stdin) {
        if (flags.names.size() != 1 || flags.names.front().contains('=')) {
            return usage("--value-stdin goes with one KEY without '='");
        }
        const Outcome<std::string> value = read_stdin("the value");
        if (!value) return value.error();
        json::value one = json::bj::object{{"key", flags.names.front()},
                                           {"value", *value},
                                           {"environment", flags.place.environment},
                                           {"sensitive", !flags.plain}};
        variables.push_back(for_branch(std::move(one), flags.place));
        return variables;
    }
    for (const std::string& given : flags.names) {
        const Outcome<json::value> one =
            variable_of(given, "env set", flags.place.environment, !flags.plain);
        if (!one) return one.error();
        variables.push_back(for_branch(*one, flags.place));
    }
    return variables;
}

Outcome<> set(Context& context, const EnvFlags& flags) {
    const Outcome<std::vector<json::value>> variables = variables_of(flags);
    if (!variables) return variables.error();
    const Change all = [&](json::bj::array& items) {
        for (const json::value& one : *variables)
            put_item(items, one);
        return Outcome<>();
    };
    return apply(context, all, fmt::format("Set {} variable(s)", variables->size()));
}

/// All of them or none: a name that is not there changes nothing.
Outcome<> remove(Context& context, const EnvFlags& flags) {
    const Change without = [&](json::bj::array& items) -> Outcome<> {
        for (const std::string& key : flags.names) {
            const auto end = std::remove_if(
                items.begin(), items.end(),
                [&](const json::value& item) { return is_same(item, key, flags.place); });
            if (end == items.end()) {
                return no_variable(key, flags.place);
            }
            items.erase(end, items.end());
        }
        return {};
    };
    return apply(context, without, fmt::format("Removed {} variable(s)", flags.names.size()));
}

Outcome<> import_file(Context& context, const EnvFlags& flags) {
    const std::string& file = flags.names.front();
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
    const Outcome<std::vector<EnvEntry>> entries = parse_dotenv(bytes);
    if (!entries) {
        Problem said = entries.error();
        said.detail = file + ": " + said.detail;
        return said;
    }
    const Change all = [&](json::bj::array& items) {
        for (const auto& [key, value] : *entries) {
            json::value one = json::bj::object{{"key", key},
                                               {"value", value},
                                               {"environment", flags.place.environment},
                                               {"sensitive", !flags.plain}};
            put_item(items, for_branch(std::move(one), flags.place));
        }
        return Outcome<>();
    };
    return apply(context, all, fmt::format("Set {} variable(s)", entries->size()));
}

std::shared_ptr<EnvFlags> add_flags(CLI::App* command) {
    const auto flags = std::make_shared<EnvFlags>();
    command
        ->add_option("--environment", flags->place.environment,
                     "production, preview or all (default)")
        ->type_name("E")
        ->check(CLI::IsMember({"production", "preview", "all"}));
    command->add_option("--branch", flags->place.branch, "One branch of preview")->type_name("B");
    return flags;
}

}  // namespace

void add_env(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "env", "Variables that builds of a project get");
    CLI::App* listed = add_command(
        noun, "list", "Names, and values that are not sensitive",
        {{"berth env list -p shop", ""}, {"berth env list --json", "as the API has it"}});
    on_run(listed, parsed, list_them);

    CLI::App* shown = add_command(
        noun, "get", "Print one value, if it may be shown",
        {{"berth env get API_URL", ""}, {"berth env get API_URL --environment preview", ""}});
    const auto one = add_flags(shown);
    shown->add_option("K", one->names, "Name")->required()->expected(1)->type_name("");
    on_run(shown, parsed, one, get);

    CLI::App* sets =
        add_command(noun, "set", "Set variables; sealed and never shown again unless --plain",
                    {{"berth env set API_URL=https://api.example --plain", ""},
                     {"berth env set TOKEN", "takes the value from the environment"},
                     {"berth env set TOKEN --value-stdin < secret", "from a file"}});
    const auto given = add_flags(sets);
    sets->add_option("K=V", given->names, "Variables")->required()->type_name("");
    sets->add_flag("--plain", given->plain, "Not sensitive: may be shown");
    sets->add_flag("--value-stdin", given->value_stdin, "Read the value of one K from stdin");
    on_run(sets, parsed, given, set);

    CLI::App* gone =
        add_command(noun, "rm", "Remove variables",
                    {{"berth env rm API_URL", ""}, {"berth env rm A B --environment preview", ""}});
    also(gone, {"unset"});
    const auto doomed = add_flags(gone);
    gone->add_option("K", doomed->names, "Names")->required()->type_name("");
    on_run(gone, parsed, doomed, remove);

    CLI::App* all = add_command(noun, "import", "Set the variables of a .env file",
                                {{"berth env import .env", ""},
                                 {"berth env import - --environment production < .env", ""}});
    const auto file = add_flags(all);
    all->add_option("FILE", file->names, "File; - is stdin")
        ->required()
        ->expected(1)
        ->type_name("");
    all->add_flag("--plain", file->plain, "Not sensitive: may be shown");
    on_run(all, parsed, file, import_file);
    add_env_sync(noun, parsed);
}

}  // namespace berth::cli

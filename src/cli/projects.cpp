#include "base/clock.hpp"
#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/draft.hpp"
#include "cli/project_choice.hpp"
#include "cli/project_fate.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

struct NameFlags {
    std::string name{};
};
struct SetFlags {
    std::vector<std::string> settings{};
    std::vector<std::string> unset{};
    bool token_stdin = false;
    std::string token_user{};
    bool visitor_password_stdin = false;
    std::optional<std::string> role_key_file{};
};

constexpr std::array setting_names = {"name",
                                      "repo_url",
                                      "branch",
                                      "root",
                                      "framework",
                                      "install_command",
                                      "output_dir",
                                      "build_command",
                                      "node",
                                      "supersede",
                                      "keep_sources",
                                      "secret_in_output",
                                      "preview_branches",
                                      "preview_days",
                                      "watch_paths",
                                      "wait_for_checks"};

/// Those that are lists: of words between commas.
bool is_list(const std::string& name) {
    return name == "preview_branches" || name == "watch_paths";
}

Outcome<> list_them(Context& context) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<json::bj::array> items = (*session)->get_all("/projects");
    if (!items) return items.error();
    if (context.output.json()) {
        context.output.object(json::bj::object{{"items", *items}, {"next", nullptr}});
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"NAME", "BRANCH", "REPOSITORY", "STATE", "URL"}};
    for (const json::value& item : *items) {
        const json::value* latest = member(item, "latest");
        rows.push_back({text(item, "name"), text(item, "branch"), text(item, "repo_url"),
                        latest == nullptr ? "" : text(*latest, "state"), text(item, "url")});
    }
    context.output.table(rows);
    return {};
}

Outcome<> create(Context& context, const DraftFlags& flags) {
    if (const Outcome<> ok = check(flags); !ok) return ok;
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<json::value> credential = credential_of(context, **session, flags);
    if (!credential) return credential.error();
    const Outcome<json::bj::object> draft = draft_of(flags, *credential, "");
    if (!draft) return draft.error();
    const Outcome<json::value> project = create_project(**session, *draft);
    if (!project) return project.error();
    if (context.output.json()) {
        context.output.object(*project);
    } else {
        context.output.result(text(*project, "name"));
    }
    return {};
}

Outcome<Project> named_or_chosen(Context& context, Session& session, const std::string& name) {
    return name.empty() ? choose_project(context, session) : find_project(session, name);
}

Outcome<> get(Context& context, const NameFlags& flags) {
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = named_or_chosen(context, **session, flags.name);
    if (!project) return project.error();
    if (context.output.json()) {
        context.output.object(project->body);
        return {};
    }
    std::vector<std::vector<std::string>> rows = {{"id", text(project->body, "id")},
                                                  {"url", text(project->body, "url")}};
    for (const char* name : setting_names) {
        const json::value* value = member(project->body, name);
        if (value == nullptr) continue;
        const std::string shown = value->is_string() ? text(project->body, name)
                                  : value->is_null() ? "(detected)"
                                                     : json::bj::serialize(*value);
        rows.push_back({name, printable(shown, Colour::strip)});
    }
    if (const json::value* credential = member(project->body, "credential")) {
        rows.push_back({"credential", text(*credential, "kind")});
    }
    if (const json::value* access = member(project->body, "access")) {
        rows.push_back({"access.previews", text(*access, "previews")});
        rows.push_back({"access.production", text(*access, "production")});
        if (!text(*access, "role_key").empty()) rows.push_back({"access.role_key", "(set)"});
    }
    context.output.table(rows);
    return {};
}

Outcome<std::string> setting_name(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    if (name == "output") name = "output_dir";
    if (std::find(setting_names.begin(), setting_names.end(), name) != setting_names.end()) {
        return name;
    }
    std::string known;
    for (const char* one : setting_names)
        known += (known.empty() ? "" : ", ") + std::string(one);
    known += ", access.previews, access.production";
    return usage(fmt::format("'{}' is not a setting; there are {}", name, known));
}

/// "a/**, !b" → ["a/**", "!b"]; a comma between braces is the pattern's.
json::bj::array words_of_list(std::string_view text) {
    json::bj::array words;
    std::string word;
    int depth = 0;
    const auto end_word = [&] {
        const std::size_t begin = std::min(word.find_first_not_of(' '), word.size());
        word = word.substr(begin, word.find_last_not_of(' ') + 1 - begin);
        if (!word.empty()) words.emplace_back(word);
        word.clear();
    };
    for (const char c : text) {
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (c == ',' && depth <= 0) {
            end_word();
        } else {
            word += c;
        }
    }
    end_word();
    return words;
}

/// Truth values and numbers are sent as such, lists as lists, everything else as text.
json::value setting_value(const std::string& name, const std::string& text) {
    if (is_list(name)) return words_of_list(text);
    const bool plain = name != "supersede" && name != "keep_sources" && name != "preview_days" &&
                       name != "wait_for_checks";
    if (plain) return json::value(text);
    const Result<json::value> parsed = json::parse(text);
    return parsed ? *parsed : json::value(text);
}

/// "access.previews" → "previews"; "" for another name.
std::string access_name(const std::string& name) {
    constexpr std::string_view prefix = "access.";
    if (name != "access.previews" && name != "access.production") return "";
    return name.substr(prefix.size());
}

/// The text of a PEM file; "" takes the key away.
Outcome<std::string> role_key_of(const std::string& path) {
    constexpr std::size_t bytes_max = 16'384;
    if (path.empty()) return std::string();
    const Result<std::string> pem = read_file(path, bytes_max);
    if (!pem) return usage(fmt::format("{}: {}", path, pem.error().message));
    return *pem;
}

/// Who may visit: KEY=VALUE pairs of `access`, and the password.
Outcome<json::bj::object> access_changes_of(const SetFlags& flags) {
    json::bj::object access;
    for (const std::string& given : flags.settings) {
        const std::size_t equals = std::min(given.find('='), given.size());
        const std::string name = access_name(given.substr(0, equals));
        if (!name.empty() && equals < given.size()) access[name] = given.substr(equals + 1);
    }
    if (flags.role_key_file) {
        Outcome<std::string> key = role_key_of(*flags.role_key_file);
        if (!key) return key.error();
        access["role_key"] = std::move(*key);
    }
    if (!flags.visitor_password_stdin) return access;
    const Outcome<std::string> password = read_stdin("the visitors' password");
    if (!password) return password.error();
    access["password"] = *password;
    return access;
}

Outcome<json::bj::object> changes_of(const SetFlags& flags) {
    json::bj::object changes;
    Outcome<json::bj::object> access = access_changes_of(flags);
    if (!access) return access.error();
    if (!access->empty()) changes["access"] = std::move(*access);
    for (const std::string& given : flags.settings) {
        const std::size_t equals = given.find('=');
        if (equals == std::string::npos) return usage(fmt::format("'{}' is not KEY=VALUE", given));
        if (!access_name(given.substr(0, equals)).empty()) continue;
        const Outcome<std::string> name = setting_name(given.substr(0, equals));
        if (!name) return name.error();
        changes[*name] = setting_value(*name, given.substr(equals + 1));
    }
    for (const std::string& given : flags.unset) {
        const Outcome<std::string> name = setting_name(given);
        if (!name) return name.error();
        changes[*name] = is_list(*name) ? json::value(json::bj::array()) : json::value(nullptr);
    }
    if (flags.token_stdin) {
        const Outcome<std::string> token = read_stdin("the Git token");
        if (!token) return token.error();
        json::bj::object credential{{"kind", "token"}, {"secret", *token}};
        if (!flags.token_user.empty()) credential["username"] = flags.token_user;
        changes["credential"] = std::move(credential);
    }
    if (changes.empty()) return usage("nothing to change: give KEY=VALUE");
    return changes;
}

Outcome<> set(Context& context, const SetFlags& flags) {
    const Outcome<json::bj::object> changes = changes_of(flags);
    if (!changes) return changes.error();
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = choose_project(context, **session);
    if (!project) return project.error();
    const Outcome<Answer> changed = (*session)->patch("/projects/" + path_part(project->name),
                                                      *changes, {.if_match = project->etag});
    if (!changed) return changed.error();
    const bool visitors_alone = changes->size() == 1 && changes->contains("access");
    context.output.note(
        visitors_alone ? fmt::format("Changed {}. Its sites answer so now.", project->name)
                       : fmt::format("Changed {}. The next deployment uses it.", project->name));
    if (context.output.json()) context.output.object(changed->body);
    return {};
}

Outcome<> remove(Context& context, const NameFlags& flags) {
    const Outcome<bool> sure = context.terminal.confirm(fmt::format(
        "Delete the project {} with all its deployments and take it off the web?", flags.name));
    if (!sure) return sure.error();
    if (!*sure) return problem(Exit::failure, "declined", "nothing was deleted");
    const Outcome<Session*> session = context.session();
    if (!session) return session.error();
    const Outcome<Project> project = find_project(**session, flags.name);
    if (!project) return project.error();
    const Outcome<Answer> gone =
        (*session)->remove("/projects/" + path_part(project->name), {.if_match = project->etag});
    if (!gone) return gone.error();
    context.output.note(fmt::format(
        "Deleted {0}. For a week it can be had back: berth projects restore {0}", project->name));
    return {};
}

void add_set(CLI::App& noun, Parsed& parsed) {
    CLI::App* command =
        add_command(noun, "set", "Change settings of a project",
                    {{"berth projects set -p shop build_command=\"npm run site\"", ""},
                     {"berth projects set --unset output_dir", "back to what is detected"},
                     {"berth projects set --token-stdin < token", "another Git token"},
                     {"berth projects set preview_branches='feature/**,!wip/**' preview_days=14",
                      "which branches become previews, and for how long"},
                     {"berth projects set access.previews=members", "who may visit"}});
    const auto flags = std::make_shared<SetFlags>();
    command->add_option("KEY=VALUE", flags->settings, "Settings")->type_name("");
    command->add_option("--unset", flags->unset, "Back to what is detected")
        ->allow_extra_args(false)
        ->type_name("KEY");
    CLI::Option* token =
        command->add_flag("--token-stdin", flags->token_stdin, "Read a Git token from stdin");
    command->add_option("--token-user", flags->token_user, "User name that goes with it")
        ->type_name("U")
        ->needs(token);
    command
        ->add_flag("--visitor-password-stdin", flags->visitor_password_stdin,
                   "Read the password of protected sites from stdin")
        ->excludes(token);
    command
        ->add_option("--role-key", flags->role_key_file,
                     "Public key (PEM) of the tokens that name visitors' roles; '' takes it away")
        ->type_name("FILE");
    on_run(command, parsed, flags, set);
}

}  // namespace

void add_projects(CLI::App& app, Parsed& parsed) {
    CLI::App& noun = *add_noun(app, "projects", "List, make, look at, change and delete projects");
    CLI::App* listed = add_command(
        noun, "list", "All projects you may see",
        {{"berth projects list", ""}, {"berth projects list --json", "one object with items"}});
    on_run(listed, parsed, list_them);

    CLI::App* made = add_command(noun, "create", "Make a project without deploying it",
                                 {{"berth projects create URL", "prints its name"},
                                  {"berth projects create URL --name shop --json", "one object"}});
    const auto draft = std::make_shared<DraftFlags>();
    add_draft_options(made, *draft);
    on_run(made, parsed, draft, create);

    CLI::App* one = add_command(
        noun, "get", "Print one project's settings",
        {{"berth projects get shop", ""}, {"berth projects get --json", "as the API has it"}});
    const auto shown = std::make_shared<NameFlags>();
    one->add_option("NAME", shown->name, "Project; default: as for -p")->type_name("");
    on_run(one, parsed, shown, get);

    add_set(noun, parsed);

    CLI::App* gone = add_command(
        noun, "rm", "Delete a project",
        {{"berth projects rm shop", "asks first"}, {"berth projects rm shop -y", "does not ask"}});
    const auto doomed = std::make_shared<NameFlags>();
    gone->add_option("NAME", doomed->name, "Project")->required()->type_name("");
    on_run(gone, parsed, doomed, remove);
    add_project_fate(noun, parsed);
}

}  // namespace berth::cli

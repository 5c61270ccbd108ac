#include "cli/draft.hpp"

#include "cli/command.hpp"
#include "cli/view.hpp"
#include "rules/repo_url.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t name_max = 40;

void set(json::bj::object& object, std::string_view key, const std::optional<std::string>& value) {
    if (value) object[key] = *value;
}

/// Ends as the person presses Enter, or as a usage problem that names the key to use next time.
Outcome<> wait_for_key(Context& context, const DraftFlags& flags, const std::string& id) {
    if (context.terminal.may_ask()) {
        const Outcome<std::string> enter = context.terminal.ask(
            "Add it to the repository as a read-only deploy key, then press "
            "Enter",
            "--deploy-key-id");
        if (!enter && enter.error().exit == Exit::interrupted) return enter.error();
        return {};
    }
    Problem said = problem(Exit::usage, "deploy_key_needed",
                           "add the key above to the repository as a read-only deploy key");
    said.next.push_back(
        {.label = "then",
         .command = fmt::format("berth import {} --deploy-key-id {}", flags.url, id)});
    return said;
}

}  // namespace

void add_draft_options(CLI::App* command, DraftFlags& flags) {
    command->add_option("URL", flags.url, "Git repository: https, ssh or git address")
        ->required()
        ->type_name("");
    command->add_option("--name", flags.name, "Project name; default: from the address")
        ->type_name("N");
    command->add_option("--branch", flags.branch, "Production branch")->type_name("B");
    command->add_option("--root", flags.root, "Directory of the site below the top")
        ->type_name("DIR");
    command->add_option("--framework", flags.framework, "Framework; default: detected")
        ->type_name("F");
    command->add_option("--install-command", flags.install_command, "\"\" runs none")
        ->type_name("C");
    command->add_option("--build-command", flags.build_command, "\"\" runs none")->type_name("C");
    command->add_option("--output", flags.output_dir, "Directory that the build writes")
        ->type_name("DIR");
    command->add_option("--node", flags.node, "Node version")->type_name("V");
    add_repeated(command, "-e,--env", flags.variables,
                 "Variable; K alone takes it from the environment");
    CLI::Option* token =
        command->add_flag("--token-stdin", flags.token_stdin, "Read the Git token from stdin");
    command->add_option("--token-user", flags.token_user, "User name that goes with the Git token")
        ->type_name("U")
        ->needs(token);
    CLI::Option* key =
        command->add_flag("--deploy-key", flags.deploy_key, "Make an SSH key for the repository");
    CLI::Option* key_id =
        command->add_option("--deploy-key-id", flags.deploy_key_id, "Use a key made before")
            ->type_name("ID");
    token->excludes(key)->excludes(key_id);
    key->excludes(key_id);
}

std::string name_from(const std::string& repo_url) {
    std::string path = repo_url.substr(0, repo_url.find_last_not_of('/') + 1);
    if (path.ends_with(".git")) path.resize(path.size() - 4);
    path.erase(0, path.find_last_of("/:") + 1);
    std::string name;
    for (const char c : path) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || upper;
        if (fits) name.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
        if (!fits && !name.empty() && name.back() != '-') name.push_back('-');
    }
    name = name.substr(0, name_max);
    while (name.ends_with('-'))
        name.pop_back();
    return name;
}

Outcome<json::value> variable_of(const std::string& text, const std::string& flag,
                                 const std::string& environment, bool sensitive) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (key.empty()) return usage(fmt::format("{}: '=' needs a name before it", flag));
    std::string value;
    if (equals != std::string::npos) {
        value = text.substr(equals + 1);
    } else {
        value = variable(key);
        if (value.empty()) {
            return usage(fmt::format("{}: '{}' has no value, and the environment has none for it",
                                     flag, key));
        }
    }
    return json::value(json::bj::object{
        {"key", key}, {"value", value}, {"environment", environment}, {"sensitive", sensitive}});
}

Outcome<> check(const DraftFlags& flags) {
    const Result<rules::RepoUrl> url = rules::parse_repo_url(flags.url);
    if (!url) {
        Problem said = problem_of(url.error());
        said.exit = Exit::usage;
        return said;
    }
    for (const std::string& text : flags.variables) {
        const Outcome<json::value> ok = variable_of(text, "-e", "all", true);
        if (!ok) return ok.error();
    }
    if (flags.name.empty() && name_from(flags.url).empty()) {
        return usage("the address gives no name for the project: give --name");
    }
    return {};
}

Outcome<json::value> credential_of(Context& context, Session& session, const DraftFlags& flags) {
    if (flags.token_stdin) {
        const Outcome<std::string> token = read_stdin("the Git token");
        if (!token) return token.error();
        json::bj::object credential{{"kind", "token"}, {"secret", *token}};
        if (!flags.token_user.empty()) credential["username"] = flags.token_user;
        return json::value(std::move(credential));
    }
    std::string id = flags.deploy_key_id;
    if (flags.deploy_key) {
        const Outcome<Answer> made = session.post("/deploy-keys", json::bj::object{});
        if (!made) return made.error();
        id = text(made->body, "id");
        context.output.say(text(made->body, "public_key"));
        if (const Outcome<> added = wait_for_key(context, flags, id); !added) return added.error();
    }
    if (id.empty()) return json::value(nullptr);
    return json::value(json::bj::object{{"kind", "deploy_key"}, {"deploy_key_id", id}});
}

Outcome<json::bj::object> draft_of(const DraftFlags& flags, const json::value& credential,
                                   const std::string& default_branch) {
    json::bj::object draft{{"name", flags.name.empty() ? name_from(flags.url) : flags.name},
                           {"repo_url", flags.url}};
    if (flags.branch) {
        draft["branch"] = *flags.branch;
    } else if (!default_branch.empty()) {
        draft["branch"] = default_branch;
    }
    set(draft, "root", flags.root);
    set(draft, "framework", flags.framework);
    set(draft, "install_command", flags.install_command);
    set(draft, "build_command", flags.build_command);
    set(draft, "output_dir", flags.output_dir);
    set(draft, "node", flags.node);
    if (!credential.is_null()) draft["credential"] = credential;
    json::bj::array variables;
    for (const std::string& text : flags.variables) {
        const Outcome<json::value> one = variable_of(text, "-e", "all", true);
        if (!one) return one.error();
        variables.push_back(*one);
    }
    if (!variables.empty()) draft["variables"] = std::move(variables);
    return draft;
}

Outcome<json::value> create_project(Session& session, const json::bj::object& draft) {
    const Outcome<Answer> made = session.post("/projects", draft);
    if (made) return made->body;
    Problem said = made.error();
    if (said.code == "name_taken") {
        const std::string name = text(draft, "name");
        said.next = {
            {.label = "another name", .command = fmt::format("--name {}-2", name)},
            {.label = "or deploy the one that has it",
             .command = fmt::format("berth deploy -p {}", name)},
        };
    }
    return said;
}

}  // namespace berth::cli

#include "cli/cli.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/suggest.hpp"

namespace berth::cli {

namespace {

constexpr const char* about = "Berth puts Git repositories live.";
constexpr const char* more =
    "Topics: berth help exit-codes, berth help environment, berth help formatting\n"
    "First steps:\n"
    "  berth login --server https://berth.example\n"
    "  berth import https://git.example/team/shop.git";

/// CLI11 takes the next word as the value of "--name=": an empty value must be a word of its own.
std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (word.starts_with("--") && word.size() > 3 && word.find('=') == word.size() - 1) {
            word.pop_back();
            words.push_back(std::move(word));
            words.emplace_back();
        } else {
            words.push_back(std::move(word));
        }
    }
    if (!words.empty() && words.front() == "--version") words.front() = "version";
    return words;
}

void add_options(CLI::App& app, Options& options) {
    app.add_option("-p,--project", options.project, "Project, by name or id")->type_name("N");
    app.add_option("--server", options.server, "Address of the server")->type_name("URL");
    app.add_option("--cwd", options.cwd, "Run as if in this directory")->type_name("DIR");
    app.add_flag("--json", options.json, "One object on stdout, problems as objects on stderr");
    app.add_flag("--no-input", options.no_input, "Never ask; fail and name the flag instead");
    app.add_flag("-y,--yes", options.yes, "Say yes to confirmations");
    app.add_flag("-q,--quiet", options.quiet, "No progress on stderr");
    app.add_flag("-v,--verbose", options.verbose, "Say each request on stderr");
    app.add_flag("--no-color", options.no_color, "No colour");
    app.add_option("--timeout", options.timeout, "Give up waiting after 90s, 15m, 2h…")
        ->type_name("TIME");
}

using Add = void (*)(CLI::App&, Parsed&);

void add_group(CLI::App& app, Parsed& parsed, const std::string& group,
               std::initializer_list<Add> commands) {
    const std::size_t before = subcommands(app).size();
    for (const Add add : commands)
        add(app, parsed);
    const auto all = app.get_subcommands([](CLI::App*) { return true; });
    for (std::size_t i = before; i < all.size(); ++i)
        all[i]->group(group);
}

void add_commands(CLI::App& app, Parsed& parsed, std::span<const Verb> others) {
    add_group(app, parsed, "Deploy",
              {add_login,      add_context,     add_detect,   add_init,      add_link,
               add_build,      add_import,      add_deploy,   add_status,    add_logs,
               add_search,     add_open,        add_explain,  add_diff,      add_traffic,
               add_production, add_deployments, add_previews, add_schedules, add_badge});
    add_group(
        app, parsed, "Configure",
        {add_projects, add_env, add_share, add_git, add_webhook, add_channels, add_hook, add_cache,
         add_tokens, add_team, add_members, add_users, add_providers, add_audit, add_activity});
    add_group(app, parsed, "More",
              {add_api, add_mcp, add_schema, add_completion, add_man, add_version, add_help});
    for (const Verb& verb : others) {
        if (subcommand(app, verb.name) != nullptr) continue;
        app.add_subcommand(verb.name, verb.help)->group(other_group);
    }
}

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : subcommands(app)) {
        names.push_back(sub->get_name());
        names.insert(names.end(), sub->get_aliases().begin(), sub->get_aliases().end());
    }
    return names;
}

std::string path_of(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    return parent == nullptr ? app.get_name() : path_of(*parent) + " " + app.get_name();
}

/// The option that `word` names, in `app` or above it.
const CLI::Option* option_of(const CLI::App* app, const std::string& word) {
    for (; app != nullptr; app = app->get_parent()) {
        if (const CLI::Option* found = app->get_option_no_throw(word)) return found;
    }
    return nullptr;
}

/// The parser's own words for a command that does not exist name no other; ours do.
std::optional<Problem> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* at = &app;
    for (std::size_t i = 0; i < words.size() && !subcommands(*at).empty(); ++i) {
        const std::string& word = words[i];
        if (word == "-h" || word == "--help") return std::nullopt;
        if (word.starts_with('-')) {
            const CLI::Option* option = option_of(at, word);
            if (option != nullptr && option->get_items_expected_max() > 0) ++i;
            continue;
        }
        const CLI::App* next = subcommand(*at, word);
        if (next == nullptr) {
            Problem said = usage(fmt::format("there is no command '{} {}'", path_of(*at), word));
            if (const auto near = nearest(word, names_of(*at))) {
                said.next = {{.label = "did you mean", .command = path_of(*at) + " " + *near}};
            } else {
                said.next = {{.label = "see what there is", .command = path_of(*at) + " --help"}};
            }
            return said;
        }
        at = next;
    }
    if (subcommands(*at).empty()) return std::nullopt;
    return usage(
        fmt::format("'{}' needs a command: {}", path_of(*at), fmt::join(names_of(*at), ", ")),
        path_of(*at) + " --help");
}

std::vector<std::string> long_options(const CLI::App* app) {
    std::vector<std::string> names;
    for (; app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
        }
    }
    return names;
}

Problem parse_problem(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty())
        at = at->get_subcommands().front();
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    Problem said = usage(text, path_of(*at) + " --help");
    for (const std::string& left : app.remaining(true)) {
        if (!left.starts_with("--")) continue;
        const std::string name = left.substr(0, left.find('='));
        said.detail = fmt::format("'{}' has no option {}", path_of(*at), name);
        if (const auto near = nearest(name, long_options(at))) {
            said.next = {{.label = "did you mean", .command = *near}};
        }
        break;
    }
    return said;
}

/// The boundary of a command: what breaks is said once, with an exit code.
Outcome<> act(Context& context, const Action& action) {
    try {
        if (const std::string& there = context.options.cwd; !there.empty()) {
            std::error_code refused;
            std::filesystem::current_path(there, refused);
            if (refused) return usage(fmt::format("--cwd: {}: {}", there, refused.message()));
        }
        if (!context.options.timeout.empty()) {
            const Outcome<std::int64_t> limit =
                parse_duration(context.options.timeout, "--timeout");
            if (!limit) return limit.error();
            context.loop.limit(std::chrono::milliseconds(*limit));
        }
        return action(context);
    } catch (const std::exception& broken) {
        return problem(Exit::failure, "internal", broken.what());
    }
}

int finish(Context& context, const Outcome<>& outcome) {
    const Exit exit = outcome ? Exit::ok : outcome.error().exit;
    if (!outcome) context.output.problem(outcome.error());
    // A call that Ctrl-C or --timeout left behind holds a thread; nobody waits for it.
    if (context.loop.abandoned()) std::_Exit(static_cast<int>(exit));
    return static_cast<int>(exit);
}

/// `berth help serve`: the verb knows its own options.
int explain(const Verb& verb) {
    std::string name = verb.name;
    std::string help = "--help";
    char* words[] = {name.data(), help.data(), nullptr};
    return verb.run(2, words);
}

}  // namespace

int run_cli(int argc, char** argv, std::span<const Verb> others,
            const BuildLocally& build_locally) {
    for (const Verb& verb : others) {
        if (argc > 1 && verb.name == argv[1]) return verb.run(argc - 1, argv + 1);
        if (argc == 3 && std::string_view(argv[1]) == "help" && verb.name == argv[2]) {
            return explain(verb);
        }
    }
    std::signal(SIGPIPE, SIG_IGN);  // Output knows what a closed pipe means
    std::vector<std::string> words = words_of(argc, argv);

    Parsed parsed;
    CLI::App app(about, "berth");
    app.footer(more);
    app.fallthrough();  // options of every command may stand after it
    app.require_subcommand(0, 1);
    app.get_formatter()->column_width(32);
    app.set_help_flag("-h,--help", "Explain the command");
    add_options(app, parsed.options);
    add_commands(app, parsed, others);

    std::optional<Problem> refused;
    if (words.empty()) words.emplace_back("--help");
    refused = unknown_command(app, words);
    std::string help;
    if (!refused) {
        try {
            app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
        } catch (const CLI::CallForHelp&) {
            help = app.help();
        } catch (const CLI::ParseError& error) {
            refused = parse_problem(app, error);
        }
    }
    parsed.options.json = std::find(words.begin(), words.end(), "--json") != words.end();
    Context context(read_environment(), parsed.options);
    context.build_locally = build_locally;
    if (refused) return finish(context, *refused);
    if (!help.empty()) {
        context.output.raw(help);
        return 0;
    }
    return finish(context, act(context, parsed.action));
}

}  // namespace berth::cli

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/dotenv.hpp"
#include "cli/draft.hpp"
#include "cli/place.hpp"
#include "cli/progress.hpp"
#include "cli/view.hpp"

namespace berth::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* default_output = ".berth/output";

struct BuildFlags {
    std::string directory = ".";
    std::optional<std::string> root{};
    std::string output{};
    std::string environment = "production";
    jobs::Settings settings{};
    std::vector<std::string> variables{};
    std::vector<std::string> plain_variables{};
    std::string env_file{};
    bool no_cache = false;
    std::string data{};
};

bool is_variable_name(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, fits);
}

using Variables = std::map<std::string, jobs::JobVariable>;

Outcome<> put(Variables& all, std::string key, std::string value, bool sensitive,
              const std::string& where) {
    if (!is_variable_name(key)) {
        return usage(fmt::format("{}: '{}' is no name of a variable", where, key));
    }
    all[key] = {key, std::move(value), sensitive};
    return {};
}

Outcome<> put_all(Variables& all, const std::vector<std::string>& given, const std::string& flag,
                  bool sensitive) {
    for (const std::string& one : given) {
        const Outcome<json::value> read = variable_of(one, flag, "all", sensitive);
        if (!read) return read.error();
        const Outcome<> done = put(all, text(*read, "key"), text(*read, "value"), sensitive, flag);
        if (!done) return done;
    }
    return {};
}

Outcome<> put_file(Variables& all, const std::string& file) {
    if (file.empty()) return {};
    const Result<std::string> bytes = read_file(file);
    if (!bytes) return usage(fmt::format("--env-file {}: {}", file, bytes.error().message));
    const Outcome<std::vector<EnvEntry>> entries = parse_dotenv(*bytes);
    if (!entries) return usage(fmt::format("--env-file {}: {}", file, entries.error().detail));
    for (const auto& [key, value] : *entries) {
        const Outcome<> done = put(all, key, value, true, "--env-file " + file);
        if (!done) return done;
    }
    return {};
}

/// Flags win over the file.
Outcome<std::vector<jobs::JobVariable>> variables_of(const BuildFlags& flags) {
    Variables all;
    if (const Outcome<> done = put_file(all, flags.env_file); !done) return done.error();
    const Outcome<> secret = put_all(all, flags.variables, "--env", true);
    if (!secret) return secret.error();
    const Outcome<> plain = put_all(all, flags.plain_variables, "--plain-env", false);
    if (!plain) return plain.error();
    std::vector<jobs::JobVariable> list;
    for (auto& [key, variable] : all)
        list.push_back(std::move(variable));
    return list;
}

Outcome<LocalBuild> wanted_of(const Context& context, const BuildFlags& flags) {
    const Outcome<Place> place = place_of(flags.directory, flags.root);
    if (!place) return place.error();
    LocalBuild wanted{.top = place->top,
                      .root = place->root,
                      .environment = flags.environment,
                      .settings = flags.settings,
                      .use_caches = !flags.no_cache,
                      .verbose = context.options.verbose};
    const fs::path part = fs::path(place->top) / place->root;
    wanted.project_name = name_from((place->root.empty() ? fs::path(place->top) : part).string());
    // Beside the sources of the part that is built, as others do.
    const fs::path output = flags.output.empty() ? part / default_output : fs::path(flags.output);
    wanted.output = fs::absolute(output).lexically_normal().string();
    while (wanted.output.size() > 1 && wanted.output.ends_with('/'))
        wanted.output.pop_back();
    if (!flags.data.empty()) wanted.data = fs::absolute(flags.data).lexically_normal().string();
    const Outcome<std::vector<jobs::JobVariable>> variables = variables_of(flags);
    if (!variables) return variables.error();
    wanted.variables = *variables;
    if (!context.options.timeout.empty()) {
        const Outcome<std::int64_t> limit = parse_duration(context.options.timeout, "--timeout");
        if (!limit) return limit.error();
        wanted.limit_ms = *limit;
    }
    return wanted;
}

LogLine line_of(const jobs::Line& line) {
    return {.stream = boost::describe::enum_to_string(line.stream, ""),
            .level = boost::describe::enum_to_string(line.level, ""),
            .step = boost::describe::enum_to_string(line.step, ""),
            .text = line.text};
}

std::int64_t site_bytes(const LocalBuildEnd& end) {
    std::uint64_t bytes = 0;
    if (!end.finish.manifest) return 0;
    for (const auto& [path, entry] : end.finish.manifest->files)
        bytes += entry.bytes;
    return static_cast<std::int64_t>(bytes);
}

void print_object(Context& context, const LocalBuild& wanted, const LocalBuildEnd& end) {
    const auto or_null = [](const std::string& text) {
        return text.empty() ? json::value(nullptr) : json::value(text);
    };
    const bool ready = end.finish.state == jobs::State::ready;
    json::bj::array steps;
    for (const LocalStep& step : end.steps)
        steps.push_back(json::bj::object{{"name", step.name}, {"ms", step.ms}});
    const jobs::Finish& finish = end.finish;
    const auto files = finish.manifest ? finish.manifest->files.size() : 0;
    json::bj::object object{
        {"state", boost::describe::enum_to_string(finish.state, "")},
        {"framework", or_null(end.plan.framework.value)},
        {"output", ready ? json::value(wanted.output) : json::value(nullptr)},
        {"files", files},
        {"bytes", site_bytes(end)},
        {"steps", std::move(steps)},
        {"reason", finish.reason ? json::value(boost::describe::enum_to_string(*finish.reason, ""))
                                 : json::value(nullptr)},
        {"exit_code", finish.exit_code ? json::value(*finish.exit_code) : json::value(nullptr)},
        {"detail", or_null(finish.detail)},
        {"first_error", or_null(finish.first_error)},
        {"next_step", or_null(finish.next_step)},
        {"checks", finish.checks ? json::from(*finish.checks) : json::value(nullptr)}};
    context.output.object(object);
}

void print_summary(Context& context, const LocalBuild& wanted, const LocalBuildEnd& end,
                   std::int64_t took_ms) {
    Output& output = context.output;
    const std::size_t files = end.finish.manifest->files.size();
    output.note("");
    output.note(fmt::format("Built in {}: {}, {} {}, {}", duration(took_ms),
                            printable(end.plan.framework.value, Colour::strip), files,
                            files == 1 ? "file" : "files", bytes_text(site_bytes(end))),
                Style::green);
    for (const LocalStep& step : end.steps)
        output.note(fmt::format("  {:<8} {:>8}", step.name, duration(step.ms)), Style::dim);
    if (!output.json()) output.result(wanted.output);
}

Problem failed(const jobs::Finish& finish) {
    Problem said{.exit = Exit::deployment_failed, .code = "failed", .detail = "the build failed"};
    if (finish.reason) {
        said.code = boost::describe::enum_to_string(*finish.reason, "");
        said.detail += ": " + said.code;
    }
    if (finish.exit_code) said.detail += fmt::format(" (exit code {})", *finish.exit_code);
    if (!finish.detail.empty()) said.detail += ": " + finish.detail;
    if (!finish.first_error.empty() && finish.first_error != finish.detail)
        said.next.push_back({.label = "first error: " + finish.first_error});
    if (!finish.next_step.empty()) said.next.push_back({.label = finish.next_step});
    if (finish.reason == jobs::Reason::internal)
        said.next.push_back({.label = "what this machine lacks", .command = "berth doctor"});
    return said;
}

Outcome<> build(Context& context, const BuildFlags& flags) {
    const Outcome<LocalBuild> wanted = wanted_of(context, flags);
    if (!wanted) return wanted.error();
    if (!context.build_locally) {
        return problem(Exit::failure, "no_sandbox", "this program cannot make sandboxes");
    }
    Progress progress(context.output);
    const std::int64_t began_ms = steady_now_ms();
    const LocalBuildWatcher watcher{
        .line = [&](const jobs::Line& line) { progress.show(line_of(line)); },
        .tick = [&](const std::string& doing) { progress.tick(doing); },
        .notice = [&](const std::string& notice) { context.output.note(notice, Style::yellow); }};
    const Outcome<LocalBuildEnd> end = context.build_locally(*wanted, watcher);
    context.output.status("");
    if (!end) return end.error();
    if (context.output.json()) print_object(context, *wanted, *end);
    if (end->finish.state != jobs::State::ready) return failed(end->finish);
    print_summary(context, *wanted, *end, steady_now_ms() - began_ms);
    if (!end->finish.checks) return {};
    // What came of them stands in the log above.
    return failed_checks(json::from(*end->finish.checks).get_array());
}

}  // namespace

void add_build(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "build", "Build a directory here, as a worker would, and print the same log",
        {{"sudo berth build", "this directory; nothing is deployed"},
         {"sudo berth build apps/web -e TOKEN=…", "a package of a workspace, with a secret"},
         {"sudo berth build --no-cache --output /tmp/site", "from nothing, to look at elsewhere"}});
    const auto flags = std::make_shared<BuildFlags>();
    command->add_option("DIR", flags->directory, "Directory (default: this one)")->type_name("");
    command->add_option("--output", flags->output, "Where the site's files go")
        ->type_name("FOLDER")
        ->default_str(default_output);
    command->add_option("--root,--root-directory", flags->root, "Root directory below DIR")
        ->type_name("PATH");
    add_repeated(command, "-e,--env", flags->variables,
                 "Variable, masked in the log; KEY alone takes ours");
    add_repeated(command, "--plain-env", flags->plain_variables,
                 "Variable that may be seen, in the site too");
    command->add_option("--env-file", flags->env_file, "Variables of a .env file, masked")
        ->type_name("FILE");
    command->add_option("--environment", flags->environment, "As which it is built")
        ->check(CLI::IsMember({"production", "preview"}))
        ->type_name("E")
        ->default_str("production");
    jobs::Settings& settings = flags->settings;
    command->add_option("--framework", settings.framework, "Framework; default: detected")
        ->type_name("F");
    command->add_option("--install-command", settings.install_command, "\"\" installs nothing")
        ->type_name("C");
    command->add_option("--build-command", settings.build_command, "\"\" builds nothing")
        ->type_name("C");
    command->add_option("--output-directory", settings.output_dir, "What the build makes")
        ->type_name("PATH");
    command->add_option("--node", settings.node, "Node version")->type_name("V");
    command->add_flag("--no-cache", flags->no_cache,
                      "Use nothing that earlier builds left; replaces it");
    command->add_option("--data", flags->data, "Where caches and toolchains are kept")
        ->type_name("DIR");
    on_run(command, parsed, flags, build);
}

}  // namespace berth::cli

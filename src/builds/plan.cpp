#include "builds/plan.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include "builds/node_version.hpp"
#include "rules/read_rules.hpp"

namespace berth::builds {
namespace {

StepFailure failed(std::string detail, std::string next_step) {
    return {.reason = jobs::Reason::plan_failed,
            .detail = std::move(detail),
            .next_step = std::move(next_step)};
}

std::string listed(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ", ") + (item.empty() ? std::string("the top") : item);
    }
    return text;
}

StepFailure no_root(const Survey& survey) {
    const std::vector<std::string> candidates = root_candidates(survey);
    return failed(
        fmt::format("the root directory '{}' does not exist in the repository", survey.root),
        candidates.empty() ? "Correct the root directory in the project's settings."
                           : "Set the root directory to one of: " + listed(candidates));
}

/// Scripts that npm runs on install and that may read any file of the project.
bool has_install_scripts(const PackageJson& package) {
    for (const char* name : {"preinstall", "install", "postinstall", "preprepare", "prepare",
                             "postprepare", "prepublish"}) {
        if (package.script(name) != nullptr) return true;
    }
    return false;
}

/// Dependencies that are copied from the project itself.
bool has_local_packages(const PackageJson& package) {
    const auto is_local = [](const auto& dependency) {
        for (const char* prefix : {"file:", "link:", "portal:", "./", "../"}) {
            if (dependency.second.starts_with(prefix)) return true;
        }
        return false;
    };
    return std::any_of(package.dependencies.begin(), package.dependencies.end(), is_local);
}

/// Whether a command is an install of a package manager with nothing but options, which reads what
/// the snapshot's key holds. Of every other command nobody knows what it reads.
bool is_plain_install(const std::string& command) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.:/@ ";
    if (command.find_first_not_of(plain) != command.npos) return false;
    std::vector<std::string> words;
    std::istringstream text(command);
    for (std::string word; text >> word;)
        words.push_back(std::move(word));
    if (words.empty()) return true;
    constexpr std::array managers = {"npm", "pnpm", "yarn", "bun"};
    constexpr std::array installs = {"install", "i", "ci", "clean-install"};
    const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
    if (std::find(managers.begin(), managers.end(), words[0]) == managers.end()) return false;
    auto rest = words.begin() + 1;
    if (rest != words.end() &&
        std::find(installs.begin(), installs.end(), *rest) != installs.end()) {
        ++rest;
    }
    return std::all_of(rest, words.end(), is_option);
}

bool names_registry(const std::string* npmrc) {
    if (npmrc == nullptr) return false;
    for (std::size_t begin = 0; begin < npmrc->size();) {
        const std::size_t end = std::min(npmrc->find('\n', begin), npmrc->size());
        if (std::string_view(*npmrc).substr(begin, end - begin).starts_with("registry"))
            return true;
        begin = end + 1;
    }
    return false;
}

/// What is not left to detection.
struct Chosen {
    std::optional<jobs::Planned> install_command{};
    std::optional<jobs::Planned> build_command{};
    std::optional<jobs::Planned> output_dir{};  // not empty
    std::optional<std::string> node{};
    rules::BuildSettings files{};

    bool has_command() const {
        return (build_command && !build_command->value.empty()) ||
               (install_command && !install_command->value.empty());
    }
};

std::optional<jobs::Planned> stronger(const std::optional<std::string>& project,
                                      const std::optional<rules::BuildSetting>& file) {
    if (project) return jobs::Planned{*project, "set in the project"};
    if (file) return jobs::Planned{file->value, file->where};
    return std::nullopt;
}

Chosen choose(const Survey& survey, const jobs::Settings& settings,
              const rules::BuildContext& context) {
    std::map<std::string, std::string> files;
    for (const std::string& name : rules::source_rule_files()) {
        if (const std::string* text = survey.file_upwards(name)) files[name] = *text;
    }
    Chosen chosen{.files = rules::read_build_settings(files, context)};
    chosen.install_command = stronger(settings.install_command, chosen.files.install_command);
    chosen.build_command = stronger(settings.build_command, chosen.files.build_command);
    const bool set = settings.output_dir && !settings.output_dir->empty();
    chosen.output_dir = stronger(set ? settings.output_dir : std::nullopt, chosen.files.output_dir);
    if (chosen.output_dir && chosen.output_dir->value.empty()) chosen.output_dir.reset();
    chosen.node = settings.node;
    if (!chosen.node && chosen.files.node) chosen.node = chosen.files.node->value;
    return chosen;
}

/// Netlify's `base` is our root directory: it must be the project's.
void note_base(const Survey& survey, const rules::BuildSettings& files, BuildPlan& plan) {
    if (!files.base) return;
    const auto base = normal_output_dir(files.base->value);
    const std::string wanted = !base || *base == "." ? "" : *base;
    if (wanted == survey.root) return;
    plan.notes.push_back(fmt::format(
        "{} is '{}', but the project's root directory is '{}': set it in the project's settings",
        files.base->where, files.base->value, survey.root.empty() ? "." : survey.root));
}

Outcome<std::string> output_of(const jobs::Planned& wanted) {
    const auto set = normal_output_dir(wanted.value);
    if (set) return *set;
    return failed("the output directory leaves the root directory",
                  wanted.reason == "set in the project"
                      ? "Correct it in the project's settings."
                      : fmt::format("Correct it in {}.", wanted.reason));
}

/// Nothing runs: the files are the site.
Outcome<BuildPlan> plan_static(const Survey& survey, const Chosen& chosen,
                               const Framework& framework) {
    BuildPlan plan;
    plan.is_source_tree = true;
    plan.output_dir = ".";
    plan.shown.framework = {framework.name, framework.reason};
    plan.shown.package_manager = {"", "nothing to install"};
    plan.shown.node = {"", "nothing to run"};
    plan.shown.install_command = {"", "nothing to install"};
    plan.shown.build_command = {"", "nothing to build"};
    plan.shown.output_dir = {".", framework.output_reason.empty()
                                      ? "the files are served as they are"
                                      : framework.output_reason};
    plan.shown.spa = false;
    if (chosen.output_dir) {
        const Outcome<std::string> set = output_of(*chosen.output_dir);
        if (!set) return set.error();
        plan.output_dir = *set;
        plan.shown.output_dir = {*set, chosen.output_dir->reason};
        return plan;
    }
    if (!survey.has("index.html")) {
        for (const char* usual : {"public", "dist", "build", "site", "www", "docs", "_site"}) {
            const std::string below = survey.root.empty() ? usual : survey.root + "/" + usual;
            const auto others = root_candidates(survey);
            const bool only = std::all_of(others.begin(), others.end(), [&](const auto& other) {
                return other == below || other.starts_with(below + "/");
            });
            if (!only || !survey.has(std::string(usual) + "/index.html")) continue;
            plan.output_dir = usual;
            plan.shown.output_dir = {usual, fmt::format("there is a {}/index.html", usual)};
            return plan;
        }
        const std::vector<std::string> candidates = root_candidates(survey);
        if (candidates.empty() || candidates == std::vector{survey.root}) {
            plan.notes.push_back("There is no index.html: visitors of / will get 404.");
        } else {
            return failed("there is neither an index.html nor a package.json in the root directory",
                          "Set the root directory to one of: " + listed(candidates));
        }
    }
    return plan;
}

void plan_output(const Framework& framework, const PackageJson* package, BuildPlan& plan) {
    plan.output_dir = framework.output_dir;
    plan.shown.output_dir = {framework.output_dir, framework.output_reason};
    const std::string* script = package == nullptr ? nullptr : package->script("build");
    const std::size_t at = script == nullptr ? std::string::npos : script->find("--outDir ");
    if (framework.name == "vite" && at != std::string::npos) {
        const std::size_t begin = at + 9;
        const std::string text = script->substr(begin, script->find(' ', begin) - begin);
        if (const auto dir = normal_output_dir(text); dir && *dir != ".") {
            plan.output_dir = *dir;
            plan.shown.output_dir = {*dir, "--outDir in the build script"};
        }
    }
    if (plan.output_dir.empty()) {
        plan.output_guesses = {"dist", "build", "out", "_site", "public"};
        plan.shown.output_dir = {
            "", "the first of dist, build, out, _site, public that the build makes"};
    }
}

void plan_commands(const Framework& framework, const PackageJson* package, BuildPlan& plan) {
    plan.shown.install_command = install_command_of(plan.manager);
    if (package == nullptr) {
        plan.shown.install_command = {"", "there is no package.json"};
    } else if (package->dependencies.empty() && !package->has_workspaces &&
               !plan.manager.has_lock) {
        plan.shown.install_command = {"", "package.json has no dependencies"};
    }
    if (package != nullptr && package->script("build") != nullptr) {
        plan.shown.build_command = {run_script(plan.manager.kind, "build"),
                                    "the build script of package.json"};
    } else if (!framework.build_tool.empty()) {
        plan.shown.build_command = {
            framework.build_tool,
            fmt::format("package.json has no build script, so what {} builds with",
                        framework.title)};
    } else {
        plan.shown.build_command = {"", "package.json has no build script"};
    }
}

Outcome<> apply_settings(const Chosen& chosen, BuildPlan& plan) {
    if (chosen.install_command) {
        plan.install_reads_source |= !is_plain_install(chosen.install_command->value);
        plan.shown.install_command = *chosen.install_command;
    }
    if (chosen.build_command) plan.shown.build_command = *chosen.build_command;
    if (chosen.output_dir) {
        const Outcome<std::string> set = output_of(*chosen.output_dir);
        if (!set) return set.error();
        plan.output_dir = *set;
        plan.output_guesses.clear();
        plan.shown.output_dir = {*set, chosen.output_dir->reason};
    }
    plan.install_command = plan.shown.install_command.value;
    plan.build_command = plan.shown.build_command.value;
    return {};
}

Outcome<BuildPlan> plan_npm(const Survey& survey, const Chosen& chosen, const Framework& framework,
                            const PackageJson* package) {
    BuildPlan plan;
    plan.shown.framework = {framework.name, framework.reason};
    plan.shown.spa = framework.spa;
    if (package != nullptr) {
        plan.manager = detect_manager(survey, *package);
        plan.install_reads_source = has_install_scripts(*package) || has_local_packages(*package);
    } else {
        plan.manager = {.kind = Manager::npm, .name = "npm", .reason = "the default"};
    }
    if (!plan.manager.note.empty()) plan.notes.push_back(plan.manager.note);
    plan.shown.package_manager = {plan.manager.name, plan.manager.reason};
    const Result<jobs::Planned> node = plan_node(survey, package, chosen.node);
    if (!node)
        return failed(node.error().message, "Correct the Node version in the project's settings.");
    plan.shown.node = *node;
    plan.node_range = node->value;
    plan.has_own_registry = names_registry(survey.file_upwards(".npmrc"));
    plan_output(framework, package, plan);
    plan_commands(framework, package, plan);
    if (const Outcome<> applied = apply_settings(chosen, plan); !applied) return applied.error();
    if (plan.build_command.empty() && plan.output_dir.empty()) {
        return failed("there is nothing to build: package.json has no build script",
                      "Add a build script, or set a build command or an output directory.");
    }
    return plan;
}

}  // namespace

std::optional<std::string> normal_output_dir(std::string_view text) {
    while (text.starts_with('/'))
        text.remove_prefix(1);
    Result<std::string> normal = normal_root(text);
    if (!normal) return std::nullopt;
    return normal->empty() ? "." : *normal;
}

Outcome<BuildPlan> make_plan(const Survey& survey, const jobs::Settings& settings,
                             const rules::BuildContext& context) {
    if (!survey.root_exists) return no_root(survey);
    std::optional<PackageJson> package;
    if (const std::string* text = survey.file("package.json")) {
        Result<PackageJson> parsed = parse_package_json(*text);
        if (!parsed)
            return failed(parsed.error().message, "Correct package.json in the repository.");
        package = std::move(*parsed);
    }
    const PackageJson* known = package ? &*package : nullptr;
    Framework framework = detect_framework(survey, known);
    if (settings.framework && !settings.framework->empty() &&
        *settings.framework != framework.name) {
        const auto named = framework_named(*settings.framework, survey);
        if (!named) {
            return failed(
                fmt::format("'{}' is not a framework that Berth knows", *settings.framework),
                "Remove it from the project's settings to have it detected.");
        }
        framework = *named;
    }
    const Chosen chosen = choose(survey, settings, context);
    if (!framework.not_yet.empty() && !chosen.output_dir) {
        StepFailure failure = failed(framework.not_yet,
                                     "If the repository also builds static files, set the "
                                     "output directory in the project's settings.");
        failure.detail += fmt::format(" ({})", framework.reason);
        return failure;
    }
    const bool builds = framework.name != "static" || chosen.has_command();
    Outcome<BuildPlan> plan = builds ? plan_npm(survey, chosen, framework, known)
                                     : plan_static(survey, chosen, framework);
    if (!plan) return plan;
    plan->environment = chosen.files.environment;
    plan->notes.insert(plan->notes.end(), chosen.files.notes.begin(), chosen.files.notes.end());
    note_base(survey, chosen.files, *plan);
    return plan;
}

}  // namespace berth::builds

#include "plans/plan.hpp"

#include <algorithm>

#include "plans/framework_config.hpp"
#include "plans/install_inputs.hpp"
#include "plans/node_version.hpp"
#include "plans/plan_commands.hpp"
#include "plans/plan_scope.hpp"

namespace berth::plans {
namespace {

std::string listed(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ", ") + (item.empty() ? std::string("the top") : item);
    }
    return text;
}

Refusal no_root(const Survey& survey) {
    const std::vector<std::string> candidates = root_candidates(survey);
    return {fmt::format("the root directory '{}' does not exist in the repository", survey.root),
            candidates.empty() ? "Correct the root directory in the project's settings."
                               : "Set the root directory to one of: " + listed(candidates)};
}

/// Netlify's `base` is our root directory: it must be the project's.
void note_base(const Survey& survey, const rules::BuildSettings& files, BuildPlan& plan) {
    if (!files.base) return;
    const auto base = normal_output_dir(files.base->value, "");
    const std::string wanted = !base || *base == "." ? "" : *base;
    if (wanted == survey.root) return;
    plan.notes.push_back(fmt::format(
        "{} is '{}', but the project's root directory is '{}': set it in the project's settings",
        files.base->where, files.base->value, survey.root.empty() ? "." : survey.root));
}

Planning<jobs::Planned> output_of(const Survey& survey, const jobs::Planned& wanted) {
    const auto set = normal_output_dir(wanted.value, survey.root);
    if (set) return jobs::Planned{*set, wanted.reason};
    return Refusal{"the output directory leaves the repository",
                   wanted.reason == "set in the project"
                       ? "Correct it in the project's settings."
                       : fmt::format("Correct it in {}.", wanted.reason)};
}

/// Where plain pages lie when there is no index.html in the root directory; "" is nowhere.
std::string page_directory(const Survey& survey) {
    const std::vector<std::string> others = root_candidates(survey);
    for (const char* usual : {"public", "dist", "build", "site", "www", "docs", "_site"}) {
        if (!survey.has(std::string(usual) + "/index.html")) continue;
        const std::string path = below(survey.root, usual);
        const bool only = std::all_of(others.begin(), others.end(), [&](const auto& other) {
            return other == path || other.starts_with(path + "/");
        });
        if (only) return usual;
    }
    return "";
}

/// Nothing runs: the files are the site.
Planning<BuildPlan> plan_static(const Survey& survey, const Chosen& chosen,
                                const Framework& framework) {
    BuildPlan plan;
    plan.is_source_tree = true;
    plan.output_dir = framework.output_dir;
    plan.shown.framework = {framework.name, framework.reason};
    plan.shown.package_manager = {"", "nothing to install"};
    plan.shown.node = {"", "nothing to run"};
    plan.shown.install_command = {"", "nothing to install"};
    plan.shown.build_command = {"", "nothing to build"};
    plan.shown.output_dir = {plan.output_dir, framework.output_reason};
    if (chosen.output_dir) {
        const Planning<jobs::Planned> set = output_of(survey, *chosen.output_dir);
        if (!set) return set.error();
        plan.output_dir = set->value;
        plan.shown.output_dir = *set;
        return plan;
    }
    if (plan.output_dir != "." || survey.has("index.html")) return plan;
    if (const std::string usual = page_directory(survey); !usual.empty()) {
        plan.output_dir = usual;
        plan.shown.output_dir = {usual, fmt::format("there is a {}/index.html", usual)};
        return plan;
    }
    const std::vector<std::string> candidates = root_candidates(survey);
    if (!candidates.empty() && candidates != std::vector{survey.root}) {
        return Refusal{"there is neither an index.html nor a package.json in the root directory",
                       "Set the root directory to one of: " + listed(candidates)};
    }
    plan.notes.push_back("There is no index.html: visitors of / will get 404.");
    return plan;
}

Planning<> plan_output(const Subject& subject, BuildPlan& plan) {
    const Framework& framework = subject.framework;
    plan.output_dir = framework.output_dir;
    plan.shown.output_dir = {framework.output_dir, framework.output_reason};
    if (plan.output_dir.empty()) {
        plan.output_guesses = {"dist", "build", "out", "_site", "public"};
        plan.shown.output_dir = {
            "", "the first of dist, build, out, _site, public that the build makes"};
    }
    if (!subject.chosen.output_dir) return {};
    const Planning<jobs::Planned> set = output_of(subject.survey, *subject.chosen.output_dir);
    if (!set) return set.error();
    plan.output_dir = set->value;
    plan.output_guesses.clear();
    plan.shown.output_dir = *set;
    return {};
}

Planning<BuildPlan> plan_npm(const Subject& subject) {
    BuildPlan plan;
    plan.shown.framework = {subject.framework.name, subject.framework.reason};
    plan.shown.spa = subject.framework.spa;
    if (!subject.framework.note.empty()) plan.notes.push_back(subject.framework.note);
    const PackageJson* above =
        subject.workspace && subject.workspace->package ? &*subject.workspace->package : nullptr;
    Result<NodeChoice> node =
        plan_node(subject.survey, subject.package, above, subject.chosen.node);
    if (!node) {
        return Refusal{node.error().message,
                       subject.chosen.node->reason == "set in the project"
                           ? "Correct the Node version in the project's settings."
                           : fmt::format("Correct it in {}.", subject.chosen.node->reason)};
    }
    plan.shown.node = node->planned;
    plan.node_range = node->planned.value;
    plan.notes.insert(plan.notes.end(), node->warnings.begin(), node->warnings.end());
    plan.has_own_registry = names_registry(subject.survey.file_upwards(".npmrc"));
    plan_commands(subject, plan);
    if (const Planning<> output = plan_output(subject, plan); !output) return output.error();
    if (plan.build_command.empty() && plan.output_dir.empty()) {
        return Refusal{"there is nothing to build: package.json has no build script",
                       "Add a build script, or set a build command or an output directory."};
    }
    return plan;
}

/// The framework that was chosen, else the one that is found.
Planning<Framework> framework_of(const Survey& survey, const Chosen& chosen,
                                 const PackageJson* package, std::vector<std::string>& notes) {
    Framework found = detect_framework(survey, package);
    if (!chosen.framework || chosen.framework->value == found.name) return found;
    auto named = framework_named(chosen.framework->value, survey, package);
    if (named) {
        named->reason = chosen.framework->reason;
        return std::move(*named);
    }
    if (chosen.framework->reason == "set in the project") {
        return Refusal{
            fmt::format("'{}' is not a framework that Berth knows", chosen.framework->value),
            "Remove it from the project's settings to have it detected."};
    }
    notes.push_back(fmt::format("{} is '{}', which Berth does not know: detected instead",
                                chosen.framework->reason, chosen.framework->value));
    return found;
}

/// Whether somebody said by hand how static files come about.
bool is_settled(const Framework& framework, const Chosen& chosen) {
    if (framework.row == nullptr || framework.row->makes != Makes::outside)
        return chosen.output_dir.has_value();
    // A command that starts the missing program does not help.
    const std::string_view program = framework.row->build.substr(0, framework.row->build.find(' '));
    const std::string command = chosen.build_command ? chosen.build_command->value : "";
    const bool needs_it = command == program || command.starts_with(fmt::format("{} ", program));
    return !needs_it && (chosen.output_dir.has_value() || !command.empty());
}

/// Nitro takes the platform from the names of variables that builds get (VERCEL_ENV), unless it is
/// told what to make.
bool uses_nitro(const Framework& framework) {
    return framework.name == "nuxt" || framework.name == "solidstart" ||
           framework.name == "tanstack_start";
}

Refusal not_yet(const Framework& framework) {
    return {fmt::format("{} ({})", framework.not_yet, framework.reason),
            framework.next_step.empty()
                ? "If the repository also builds static files, set the output directory in the "
                  "project's settings."
                : framework.next_step};
}

/// The package.json of the root directory, or nothing when there is none.
Planning<std::optional<PackageJson>> package_of(const Survey& survey) {
    const std::string* text = survey.file("package.json");
    if (text == nullptr) return std::optional<PackageJson>();
    Result<PackageJson> parsed = parse_package_json(*text);
    if (!parsed) return Refusal{parsed.error().message, "Correct package.json in the repository."};
    return std::optional<PackageJson>(std::move(*parsed));
}

}  // namespace

std::optional<std::string> normal_output_dir(std::string_view text, std::string_view root) {
    while (text.starts_with('/'))
        text.remove_prefix(1);
    const bool bad = text.size() > 500 || std::any_of(text.begin(), text.end(), [](char c) {
                         return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                     });
    const std::string path = bad ? "" : path_below("", text, root);
    if (path.empty()) return std::nullopt;
    return text.empty() ? "." : path;
}

Planning<BuildPlan> make_plan(const Survey& survey, const jobs::Settings& settings,
                              const rules::BuildContext& context) {
    if (!survey.root_exists) return no_root(survey);
    const Planning<std::optional<PackageJson>> package = package_of(survey);
    if (!package) return package.error();
    const PackageJson* own = *package ? &**package : nullptr;
    const std::optional<Workspace> workspace = workspace_of(survey, own);
    // A member without a package.json of its own is built with its workspace's.
    const PackageJson* known =
        own == nullptr && workspace && workspace->package ? &*workspace->package : own;

    const Chosen chosen = choose(survey, settings, context);
    std::vector<std::string> notes = chosen.files.notes;
    const Planning<Framework> framework = framework_of(survey, chosen, known, notes);
    if (!framework) return framework.error();
    if (!framework->not_yet.empty() && !is_settled(*framework, chosen)) return not_yet(*framework);

    const bool pages = framework->name == "static" || framework->name == "docsify";
    const bool has_script = own != nullptr && own->script("build") != nullptr;
    const bool builds =
        chosen.has_command() || !pages || (framework->name != "static" && has_script);
    const Subject subject{survey, chosen, *framework, own, workspace};
    Planning<BuildPlan> plan = builds ? plan_npm(subject) : plan_static(survey, chosen, *framework);
    if (!plan) return plan;
    plan->environment = chosen.files.environment;
    plan->environment_from = chosen.files.environment_from;
    if (uses_nitro(*framework)) {
        plan->environment.emplace("NITRO_PRESET", "static");
        if (plan->environment_from.empty()) plan->environment_from = "what Nitro has to know";
    }
    plan->notes.insert(plan->notes.end(), notes.begin(), notes.end());
    note_base(survey, chosen.files, *plan);
    plan_scope(survey, chosen, workspace, *plan);
    if (!plan->notes.empty()) plan->shown.warnings = plan->notes;
    return plan;
}

}  // namespace berth::plans

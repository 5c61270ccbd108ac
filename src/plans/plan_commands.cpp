#include "plans/plan_commands.hpp"

#include <algorithm>

#include "plans/install_inputs.hpp"

namespace berth::plans {
namespace {

/// A name that a shell takes as it is.
bool is_plain_word(std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                                "UVWXYZ0123456789@/._-") == text.npos;
}

std::string shown(std::string_view directory) {
    return directory.empty() ? "the top" : std::string(directory);
}

const PackageJson* above(const Subject& subject) {
    return subject.workspace && subject.workspace->package ? &*subject.workspace->package : nullptr;
}

// --- install

bool reads_source(const PackageJson& package) {
    return has_install_scripts(package) || has_local_packages(package);
}

bool is_workspace(const Subject& subject, const std::string& directory) {
    return subject.workspace || (subject.package != nullptr && subject.package->has_workspaces) ||
           subject.survey.has_in(directory, "pnpm-workspace.yaml");
}

/// An install in a workspace runs the scripts of every package in it.
bool any_member_reads_source(const Survey& survey, const std::string& directory) {
    for (const auto& [path, text] : survey.files) {
        const bool inside = directory.empty() || path.starts_with(directory + "/");
        if (!inside || name_of(path) != "package.json") continue;
        const Result<PackageJson> package = parse_package_json(text);
        if (package && reads_source(*package)) return true;
    }
    return false;
}

/// The scripts that can be run apart from the install: in one package on its own, installed by the
/// command that the manager has for it.
std::vector<std::string> scripts_apart(const Subject& subject, const BuildPlan& plan) {
    const PackageJson* package = subject.package;
    if (package == nullptr || subject.chosen.install_command) return {};
    if (is_workspace(subject, plan.install_directory) || has_local_packages(*package)) return {};
    // Berry runs postinstall alone, and writes down what it ran.
    if (plan.manager.kind == Manager::yarn_berry) return {};
    if (may_ignore_scripts(subject.survey.file_upwards(".npmrc"))) return {};
    if (subject.survey.has_upwards(".yarnrc")) return {};
    return scripts_after_install(*package);
}

void plan_manager(const Subject& subject, BuildPlan& plan) {
    plan.install_directory = subject.workspace ? subject.workspace->directory : subject.survey.root;
    const PackageJson* package = subject.package != nullptr ? subject.package : above(subject);
    if (package == nullptr) {
        plan.manager = {.kind = Manager::npm, .name = "npm", .reason = "the default"};
        return;
    }
    plan.manager = detect_manager(subject.survey, *package, above(subject), plan.install_directory);
    plan.own_scripts = scripts_apart(subject, plan);
    if (!plan.own_scripts.empty()) return;
    for (const PackageJson* one : {subject.package, above(subject)})
        plan.install_reads_source |= one != nullptr && reads_source(*one);
    if (is_workspace(subject, plan.install_directory))
        plan.install_reads_source |=
            any_member_reads_source(subject.survey, plan.install_directory);
    // Rush reads its own configuration, too.
    if (subject.workspace && subject.workspace->runner == TaskRunner::rush)
        plan.install_reads_source = true;
}

jobs::Planned rush_command(std::string_view verb, const std::string& name) {
    return {fmt::format("node common/scripts/install-run-rush.js {} --to {}", verb, name),
            "rush.json: Rush brings itself and its package manager"};
}

jobs::Planned install_of(const Subject& subject, const BuildPlan& plan) {
    const PackageJson* package = subject.package;
    if (package == nullptr && above(subject) == nullptr) return {"", "there is no package.json"};
    if (subject.workspace && subject.workspace->runner == TaskRunner::rush && package != nullptr &&
        is_plain_word(package->name)) {
        return rush_command("install", package->name);
    }
    const bool empty = package != nullptr && package->dependencies.empty() &&
                       !package->has_workspaces && !plan.manager.has_lock && !subject.workspace;
    if (empty) return {"", "package.json has no dependencies"};
    jobs::Planned install = install_command_of(plan.manager);
    if (subject.workspace)
        install.reason += fmt::format(", in {} of the workspace", shown(plan.install_directory));
    return install;
}

// --- build

/// `apps/web` builds with what it needs, through the tool that the workspace has for that.
std::optional<jobs::Planned> runner_build(const Subject& subject, const BuildPlan& plan) {
    const Workspace& workspace = *subject.workspace;
    const std::string name = subject.package != nullptr && is_plain_word(subject.package->name)
                                 ? subject.package->name
                                 : std::string(name_of(subject.survey.root));
    const auto run = [&](const std::string& command, std::string reason) {
        return jobs::Planned{run_program(plan.manager.kind, command), std::move(reason)};
    };
    if (!is_plain_word(name)) return std::nullopt;
    switch (workspace.runner) {
        case TaskRunner::turbo:
            return run("turbo run build --filter=" + name,
                       "Turborepo builds it with what it needs");
        case TaskRunner::nx:
            return run("nx build " + name, "Nx builds it with what it needs");
        case TaskRunner::lerna:
            return run(fmt::format("lerna run build --scope={} --include-dependencies", name),
                       "Lerna builds it with what it needs");
        case TaskRunner::rush:
            return rush_command("build", name);
        case TaskRunner::none:
            break;
    }
    return std::nullopt;
}

/// The packages that it needs and that have a build script, in order.
std::vector<std::string> built_before(const Subject& subject) {
    std::vector<std::string> names;
    for (const std::string& directory : subject.workspace->needed) {
        const std::string* text = subject.survey.file_in(directory, "package.json");
        const Result<PackageJson> package =
            text == nullptr ? Result<PackageJson>(fail(Failure::not_found, "no package.json"))
                            : parse_package_json(*text);
        if (package && package->script("build") != nullptr && is_plain_word(package->name))
            names.push_back(package->name);
    }
    return names;
}

/// What the package manager runs in a member of its workspace.
std::string run_in_member(Manager manager, const std::string& name) {
    switch (manager) {
        case Manager::yarn:
        case Manager::yarn_berry:
            return fmt::format("yarn workspace {} run build", name);
        case Manager::bun:
            return fmt::format("bun run --filter {} build", name);
        case Manager::pnpm:
            return fmt::format("pnpm --filter {} run build", name);
        case Manager::none:
        case Manager::npm:
            break;
    }
    return fmt::format("npm run build --workspace={}", name);
}

std::optional<jobs::Planned> manager_build(const Subject& subject, const BuildPlan& plan) {
    const std::vector<std::string> names = built_before(subject);
    const PackageJson* package = subject.package;
    if (names.empty() || package == nullptr || package->script("build") == nullptr ||
        !is_plain_word(package->name)) {
        return std::nullopt;
    }
    const std::string reason =
        fmt::format("the build script, after those of what it needs: {}", fmt::join(names, ", "));
    if (plan.manager.kind == Manager::pnpm)
        return jobs::Planned{fmt::format("pnpm --filter \"{}...\" run build", package->name),
                             reason};
    std::string command;
    for (const std::string& name : names)
        command += run_in_member(plan.manager.kind, name) + " && ";
    return jobs::Planned{command + run_in_member(plan.manager.kind, package->name), reason};
}

jobs::Planned own_build(const Subject& subject, const BuildPlan& plan) {
    const Framework& framework = subject.framework;
    const std::string script = framework.script.empty() ? "build" : framework.script;
    const bool has_script =
        subject.package != nullptr && subject.package->script(script) != nullptr;
    if (has_script) {
        std::string reason = fmt::format("the {} script of package.json", script);
        if (!framework.script.empty() && subject.package->script("build") != nullptr)
            reason +=
                fmt::format(": {} makes files with it, and a server with `build`", framework.title);
        return {run_script(plan.manager.kind, script), std::move(reason)};
    }
    if (framework.row != nullptr && !framework.row->build.empty()) {
        return {run_program(plan.manager.kind, framework.row->build),
                fmt::format("package.json has no {} script, so what {} builds with", script,
                            framework.title)};
    }
    return {"", "package.json has no build script"};
}

void plan_build(const Subject& subject, BuildPlan& plan) {
    plan.build_directory = subject.survey.root;
    const bool plain_build = subject.framework.script.empty();
    if (subject.workspace && plain_build) {
        auto build = runner_build(subject, plan);
        const bool has_build =
            subject.package == nullptr || subject.package->script("build") != nullptr;
        if (!build || !has_build) build = manager_build(subject, plan);
        if (build) {
            plan.build_directory = subject.workspace->directory;
            plan.shown.build_command = std::move(*build);
            return;
        }
    }
    plan.shown.build_command = own_build(subject, plan);
}

// --- the others, for those who look and for later

std::optional<jobs::Planned> other_command(const Subject& subject, const BuildPlan& plan,
                                           std::string_view script, std::string_view program,
                                           bool is_run) {
    if (subject.package != nullptr && subject.package->script(script) != nullptr) {
        return jobs::Planned{run_script(plan.manager.kind, script),
                             fmt::format("the {} script of package.json", script)};
    }
    if (program.empty()) return std::nullopt;
    return jobs::Planned{is_run ? run_program(plan.manager.kind, program) : std::string(program),
                         fmt::format("what {} has for it", subject.framework.title)};
}

void plan_others(const Subject& subject, BuildPlan& plan) {
    const FrameworkRow* row = subject.framework.row;
    plan.shown.dev_command = subject.chosen.dev_command;
    if (!plan.shown.dev_command)
        plan.shown.dev_command =
            other_command(subject, plan, "dev", row == nullptr ? "" : row->dev, true);
    plan.shown.start_command = subject.chosen.start_command;
    if (!plan.shown.start_command && row != nullptr && !subject.framework.not_yet.empty()) {
        const bool is_node = row->start.starts_with("node ");
        plan.shown.start_command = other_command(subject, plan, "start", row->start, !is_node);
    }
    if (row != nullptr && !row->caches.empty()) {
        plan.shown.caches.emplace();
        each_word(row->caches,
                  [&](std::string_view path) { plan.shown.caches->emplace_back(path); });
    }
}

/// A command of one's own runs in the root directory, as on the other platforms.
void apply_chosen(const Subject& subject, BuildPlan& plan) {
    const Chosen& chosen = subject.chosen;
    if (chosen.install_command) {
        plan.install_reads_source |= !is_plain_install(chosen.install_command->value);
        plan.shown.install_command = *chosen.install_command;
        plan.install_directory = subject.survey.root;
    }
    if (chosen.build_command) {
        plan.shown.build_command = *chosen.build_command;
        plan.build_directory = subject.survey.root;
    }
    plan.install_command = plan.shown.install_command.value;
    plan.build_command = plan.shown.build_command.value;
}

}  // namespace

void plan_commands(const Subject& subject, BuildPlan& plan) {
    plan_manager(subject, plan);
    plan.shown.package_manager = {plan.manager.name, plan.manager.reason};
    plan.notes.insert(plan.notes.end(), plan.manager.warnings.begin(), plan.manager.warnings.end());
    plan.shown.install_command = install_of(subject, plan);
    plan_build(subject, plan);
    plan_others(subject, plan);
    apply_chosen(subject, plan);
    if (subject.workspace) {
        plan.shown.workspace =
            jobs::Planned{subject.workspace->directory.empty() ? "." : subject.workspace->directory,
                          subject.workspace->reason};
    }
}

}  // namespace berth::plans

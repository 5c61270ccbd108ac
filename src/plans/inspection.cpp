#include "plans/inspection.hpp"

#include "plans/plan.hpp"

namespace berth::plans {
namespace {

/// What it would be if it could be deployed.
std::string name_of_framework(const Survey& survey) {
    std::optional<PackageJson> package;
    if (const std::string* text = survey.file("package.json")) {
        Result<PackageJson> parsed = parse_package_json(*text);
        if (!parsed) return "";
        package = std::move(*parsed);
    }
    return detect_framework(survey, package ? &*package : nullptr).name;
}

}  // namespace

jobs::Inspection inspection_of(const Survey& survey, const jobs::Settings& settings) {
    jobs::Inspection result{.branches = survey.branches,
                            .root_candidates = root_candidates(survey),
                            .default_branch = survey.default_branch};
    if (!survey.known_hosts.empty()) result.known_hosts = survey.known_hosts;
    const Planning<BuildPlan> plan = make_plan(survey, settings);
    if (!plan) {
        const Refusal& refusal = plan.error();
        result.refused =
            refusal.next_step.empty() ? refusal.detail : refusal.detail + ". " + refusal.next_step;
        result.framework = {name_of_framework(survey), *result.refused};
        return result;
    }
    const jobs::Plan& shown = plan->shown;
    result.framework = shown.framework;
    result.package_manager = shown.package_manager;
    result.node = shown.node;
    result.install_command = shown.install_command;
    result.build_command = shown.build_command;
    result.output_dir = shown.output_dir;
    result.spa = shown.spa;
    result.workspace = shown.workspace;
    result.ignore_command = shown.ignore_command;
    result.dev_command = shown.dev_command;
    result.start_command = shown.start_command;
    result.caches = shown.caches;
    result.warnings = shown.warnings;
    return result;
}

}  // namespace berth::plans

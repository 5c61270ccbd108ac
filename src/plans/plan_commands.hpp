#pragma once
/// The commands of a plan: which install and which build, and in which directory each runs.

#include "plans/chosen.hpp"
#include "plans/plan.hpp"
#include "plans/workspace.hpp"

namespace berth::plans {

/// What there is to plan for; all outlive the call.
struct Subject {
    const Survey& survey;
    const Chosen& chosen;
    const Framework& framework;
    const PackageJson* package;                 // null: the root directory has none
    const std::optional<Workspace>& workspace;  // the one that lists the root directory
};

/// Sets the manager, and install, build, dev and start commands with their directories.
void plan_commands(const Subject& subject, BuildPlan& plan);

}  // namespace berth::plans

#pragma once
/// When a deployment may be skipped: watch paths of berth.toml, ignore commands of vercel.json and
/// netlify.toml, and in a workspace the packages that nothing here needs.

#include "plans/chosen.hpp"
#include "plans/plan.hpp"
#include "plans/workspace.hpp"

namespace berth::plans {

/// Sets the plan's scope and ignore command. A `git diff --quiet` between two commits becomes a
/// scope, for builds have no history to compare; so do turbo-ignore and nx-ignore.
void plan_scope(const Survey& survey, const Chosen& chosen,
                const std::optional<Workspace>& workspace, BuildPlan& plan);

/// The paths that such a `git diff` compares, from the top; nothing when it is another command.
std::optional<std::vector<std::string>> compared_paths(std::string_view command,
                                                       std::string_view root);

}  // namespace berth::plans

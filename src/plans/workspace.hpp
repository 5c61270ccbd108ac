#pragma once
/// The monorepo that a root directory belongs to: where its packages are installed, which tool
/// builds them, and which of them the one package needs.

#include <optional>
#include <string>
#include <vector>

#include "plans/package_json.hpp"
#include "plans/survey.hpp"

namespace berth::plans {

/// What runs the builds of several packages; none: the package manager itself.
enum class TaskRunner { none, turbo, nx, lerna, rush };

struct Workspace {
    std::string directory{};  // below the top; "" is the top
    std::string reason{};     // "pnpm-workspace.yaml has apps/*"
    TaskRunner runner = TaskRunner::none;
    std::optional<PackageJson> package{};  // of that directory
    /// Directories of the packages that the root directory's own needs, those needed by others
    /// first; without itself. Empty when the survey does not see them.
    std::vector<std::string> needed{};
    std::vector<std::string> others{};  // directories of members that it does not need
};

/// The workspace that lists the survey's root directory as a member, or nothing. A root directory
/// that is a workspace itself belongs to none.
std::optional<Workspace> workspace_of(const Survey& survey, const PackageJson* package);

/// Whether `path` fits a pattern of a list of workspaces: "packages/*", "apps/**", "!apps/old".
bool fits_workspace(std::string_view pattern, std::string_view path);

/// The `packages` of a pnpm-workspace.yaml.
std::vector<std::string> pnpm_workspaces(std::string_view yaml);

}  // namespace berth::plans

#pragma once
/// Which program installs a project's packages, found from packageManager and the lock files. It
/// comes from Berth's own store of toolchains; corepack is not used.

#include <string>
#include <vector>

#include "plans/package_json.hpp"
#include "plans/survey.hpp"

namespace berth::plans {

enum class Manager { none, npm, pnpm, yarn, yarn_berry, bun };

struct PackageManager {
    Manager kind = Manager::none;
    std::string name{};     // as people write it: "pnpm"
    std::string version{};  // a range; for npm "" is the one of the Node version
    std::string reason{};
    bool has_lock = false;     // where packages are installed
    bool plug_n_play = false;  // packages stay zipped: no node_modules
    std::vector<std::string> warnings{};
};

/// In this order: packageManager of `package`, then of `above` (the workspace's package.json, or
/// null); the nearest lock file from the root directory upwards; a pnpm-workspace.yaml; npm.
/// `installed_in` is the directory of the install, whose lock file counts.
PackageManager detect_manager(const Survey& survey, const PackageJson& package,
                              const PackageJson* above, const std::string& installed_in);

/// The command that installs exactly what the lock file says.
jobs::Planned install_command_of(const PackageManager& manager);

/// `npm run build` in the manager's words.
std::string run_script(Manager manager, std::string_view script);

/// `npx vite build`: a program of an installed package.
std::string run_program(Manager manager, std::string_view command);

}  // namespace berth::plans

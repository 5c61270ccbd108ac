#pragma once
/// Which program installs a project's packages, found from packageManager and the lock files.

#include <string>

#include "builds/package_json.hpp"
#include "builds/survey.hpp"

namespace berth::builds {

enum class Manager { none, npm, pnpm, yarn, yarn_berry, bun };

struct PackageManager {
    Manager kind = Manager::none;
    std::string name{};     // as people write it: "pnpm"
    std::string version{};  // a range; for npm "" is the one of the Node version
    std::string reason{};
    bool has_lock = false;
    std::string note{};  // for the log, "" is none
};

PackageManager detect_manager(const Survey& survey, const PackageJson& package);

/// The command that installs exactly what the lock file says.
jobs::Planned install_command_of(const PackageManager& manager);

/// `npm run build` in the manager's words.
std::string run_script(Manager manager, std::string_view script);

}  // namespace berth::builds

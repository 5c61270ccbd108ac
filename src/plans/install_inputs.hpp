#pragma once
/// What an install reads beside lock and manifest files: it decides what a snapshot of it depends
/// on.

#include <string>
#include <vector>

#include "plans/package_json.hpp"

namespace berth::plans {

/// Scripts that npm runs on install and that may read any file of the project.
bool has_install_scripts(const PackageJson& package);

/// Where all that npm runs on install is `postinstall` and `prepare`: those of them that there are,
/// in the order they run, after all packages are there. Else nothing: the others run before or
/// between.
std::vector<std::string> scripts_after_install(const PackageJson& package);

/// Dependencies that are copied from the project itself.
bool has_local_packages(const PackageJson& package);

/// Whether a command is an install of a package manager with nothing but options, which reads what
/// the snapshot's key holds. Of every other command nobody knows what it reads.
bool is_plain_install(const std::string& command);

/// Whether an .npmrc may keep scripts from running; null is no file.
bool may_ignore_scripts(const std::string* npmrc);

/// Whether an .npmrc names a registry; null is no file.
bool names_registry(const std::string* npmrc);

}  // namespace berth::plans

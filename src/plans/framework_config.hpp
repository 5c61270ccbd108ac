#pragma once
/// What the configuration of a found framework says: where its output goes (framework_output.cpp),
/// and whether it makes static files (framework_server.cpp).

#include <string>
#include <string_view>

#include "plans/framework.hpp"
#include "plans/javascript_literals.hpp"

namespace berth::plans {

/// Sets output_dir and its reason from the build script's options and the framework's
/// configuration.
void read_output(const Survey& survey, const PackageJson* package, Framework& found);

/// Sets not_yet and next_step where a server program or a missing toolchain stands in the way, and
/// `spa` where the configuration decides it.
void read_needs(const Survey& survey, const PackageJson* package, Framework& found);

/// Of configurations in JSON: project.json of Nx, angular.json, polymer.json.
void read_nx_output(const Survey& survey, Framework& found);
void read_angular_output(const Survey& survey, Framework& found);
void read_polymer_output(const Survey& survey, Framework& found);

/// Takes `path`, relative to `base`, where it is a directory of the tree and not the root
/// directory; elsewhere the output stays as it is. Whether it was taken.
bool take_output(Framework& found, std::string_view base, const std::optional<std::string>& path,
                 std::string reason);

/// The first file of the root directory (or of `directory` below it) that fits "vite.config.*", or
/// null; `name` is then what it is called.
const std::string* config_file(const Survey& survey, std::string_view pattern, std::string& name,
                               std::string_view directory = "");

/// The literals of that file; empty ones when there is none.
JavascriptLiterals config_literals(const Survey& survey, std::string_view pattern,
                                   std::string_view directory = "");

/// `path`, relative to `base` in the root directory, as seen from the root directory; it may lie
/// beside that ("../../dist/web"). "" when it leaves the tree or is what lies around.
std::string path_below(std::string_view base, std::string_view path, std::string_view root);

/// `key: value` or `key = value` on a line of its own, without quotes; "" when it is not there.
std::string line_value(const std::string* text, std::string_view key);

/// The value of `--outDir x`, `--outDir=x` in a command, "" when it has none. `option` is without
/// dashes when it begins so itself: "-d".
std::string option_value(std::string_view command, std::string_view option);

}  // namespace berth::plans

#pragma once
/// A user's package.json, read for what a plan needs. What is odd in it is ignored, as npm does;
/// what is no JSON is an error with npm's own clarity.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::plans {

struct PackageJson {
    std::string name{};
    std::string main{};
    std::map<std::string, std::string> scripts{};
    std::map<std::string, std::string> dependencies{};  // of every kind
    std::optional<std::string> node{};                  // engines.node
    std::string package_manager{};                      // "pnpm@9.1.0+sha512…"
    std::string volta_node{};                           // volta.node: "20.11.1"
    bool has_workspaces = false;
    std::vector<std::string> workspaces{};  // "packages/*"

    bool depends_on(std::string_view package) const {
        return dependencies.contains(std::string(package));
    }
    const std::string* script(std::string_view script_name) const;
};

/// Errors: invalid — not a JSON object; the message says where it stops being JSON.
Result<PackageJson> parse_package_json(std::string_view text);

}  // namespace berth::plans

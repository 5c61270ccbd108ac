#pragma once
/// From the rule files of a deployment to its rule set: which dialect they are in, and why.

#include <map>
#include <string>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Files at the top of the output that say rules. They are not served.
inline constexpr const char* redirects_file = "_redirects";
inline constexpr const char* headers_file = "_headers";
inline constexpr const char* routes_file = "_routes.json";

/// Whether a path below the top of the output is one of them.
bool is_rule_file(std::string_view path);

/// Names in the root directory of the source that say rules, too.
const std::vector<std::string>& source_rule_files();

/// The largest file that is read; a larger one is a problem and counts for nothing.
inline constexpr std::size_t rule_file_bytes_max = 8 << 20;

/// `files` has what there is: name ("_redirects", "netlify.toml", …) → content. Without any, the
/// set is empty. Never fails: what is wrong is in its problems.
RuleSet read_rules(const std::map<std::string, std::string>& files);

}  // namespace berth::rules

#pragma once
/// What Cloudflare's configuration says about serving: `wrangler.toml|json|jsonc`, `_routes.json`.

#include <string>
#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// `assets.html_handling` and `assets.not_found_handling`; `file` is its name. Everything that a
/// worker would need is said to count for nothing.
void read_wrangler(std::string_view text, const std::string& file, RuleSet& into);

/// Checks `_routes.json`. It says which paths functions get: without functions, all are files.
void read_routes_json(std::string_view text, RuleSet& into);

}  // namespace berth::rules

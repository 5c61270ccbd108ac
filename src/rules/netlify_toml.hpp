#pragma once
/// `netlify.toml`: its redirects and headers. What it says about building is read with the plan.

#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Adds behind what `_redirects` and `_headers` said; rules.md §5.3.
void read_netlify_toml(std::string_view text, RuleSet& into);

}  // namespace berth::rules

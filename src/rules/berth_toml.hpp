#pragma once
/// `berth.toml`: the powers of all dialects in Berth's own words; docs/rules.md describes it.

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Whose words the site's other rule files are in, as `dialect` says; nothing: it does not.
std::optional<Dialect> dialect_in_berth_toml(std::string_view text);

/// `asked`, where there is one, gets the names of the keys that were looked for: "redirects.from".
void read_berth_toml(std::string_view text, RuleSet& into, std::set<std::string>* asked = nullptr);

}  // namespace berth::rules

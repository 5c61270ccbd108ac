#pragma once
/// `berth.toml`: the powers of all dialects in Berth's own words; docs/rules.md describes it.

#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

void read_berth_toml(std::string_view text, RuleSet& into);

}  // namespace berth::rules

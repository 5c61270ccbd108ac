#pragma once
/// `_redirects` as Cloudflare Pages reads it.

#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Reads lines `from to [status]`; rules.md §5.1 C. Rules come before files, always.
void read_cloudflare_redirects(std::string_view text, RuleSet& into);

/// A pattern with one greedy `*` and `:names`, each anywhere. `path` begins with "/".
/// Errors: invalid — two `*`, or a name twice.
Result<Pattern> cloudflare_pattern(std::string_view path);

}  // namespace berth::rules

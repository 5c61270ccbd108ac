#pragma once
/// `_headers`, in both dialects, and what a header rule of any file may say.

#include <string>
#include <string_view>
#include <vector>

#include "rules/lines.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// Fields that the server sets by what it sends: a rule that set them would break the answer.
bool is_servers_own(std::string_view lower_case_name);

/// "" or why a field may not have that name and value.
std::string field_problem(std::string_view name, std::string_view value);

/// A `for` of Netlify: "/a/:b/*.js". Case does not matter, nor a slash at the end.
Pattern netlify_header_pattern(std::string_view path);

/// A value as Netlify sends it: `"a ,\n b"` → `"a, b"`.
std::string netlify_value(std::string_view value);

/// Blocks of a path and the `Name: value` lines that follow it; rules.md §5.2.
void read_netlify_headers(std::string_view text, RuleSet& into);
void read_cloudflare_headers(std::string_view text, RuleSet& into);

}  // namespace berth::rules

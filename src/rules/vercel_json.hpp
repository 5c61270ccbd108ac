#pragma once
/// Reads `vercel.json`, the file in which a project of Vercel's says how it is served.

#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// Adds to `into` what the file says of files, redirects, rewrites, headers and (the older)
/// routes, in the order in which they count at Vercel: routes, redirects, rewrites; and what is
/// wrong with the file, or not what may be expected, as problems of "vercel.json".
///
/// What is wrong does nothing and leaves all else as it is; but of a text that is no JSON object
/// nothing is known, so it makes one error and nothing more. How the project is built is read
/// elsewhere. `into.dialect` and `into.why` are the caller's.
void read_vercel_json(std::string_view text, RuleSet& into);

}  // namespace berth::rules

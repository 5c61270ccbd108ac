#pragma once
/// Regular expressions as JavaScript and PCRE write them, for RE2, which has no look-around and no
/// back-references. Used for what `vercel.json` has of them: sources, `src`, `has` and `missing`.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::rules {

/// What becomes of groups without a name.
enum class Unnamed {
    named,    // "g0", "g1", … in the order of their opening
    dropped,  // they capture nothing
};

struct JavascriptRegex {
    std::string text{};                 // RE2
    std::vector<std::string> unless{};  // RE2: no match where the text begins so
    std::vector<std::string> groups{};  // the names of what captures, in the order of opening;
                                        // "" where a group was dropped
};

/// Shape:  `a(b)(?<c>d)` → `a(?P<g0>b)(?P<c>d)`; `/((?!api/).*)` → `/(?P<g0>.*)`, unless
///         `/(?:api/)`. An unnamed group whose name is taken gets a `_` behind it.
///
/// A negative look-ahead is understood where only fixed text, and whole segments (`[^/]+?`), stand
/// before it and no alternative or repetition around it.
/// Errors: invalid — look-arounds elsewhere and back-references, named in the message; what RE2
///         refuses, in its words.
Result<JavascriptRegex> parse_javascript_regex(std::string_view text, Unnamed unnamed);

}  // namespace berth::rules

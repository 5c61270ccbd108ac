#pragma once
/// Makes patterns and targets out of what rule files say: what the dialects have in common.

#include <string>
#include <string_view>

#include "rules/rule_set.hpp"

namespace berth::rules {

/// A segment as a request's path has it once normalised: "b%20c" → "b c". A malformed escape, one
/// of a character that a normalised path cannot have, and one of no UTF-8 stay as they are.
std::string plain_segment(std::string_view written);

/// A pattern without placeholders: "/a/b/" exactly.
Pattern exact_pattern(std::string_view path, Slash slash);

/// `text` for RE2, every special character escaped.
std::string quote_regex(std::string_view text);

/// "https://h.example/a?b=c#d" or "/a?b=c#d", whose captures are words after ":" that
/// `is_capture` knows; all else is text. Longest names first: ":idx" is not ":id" and "x".
///
/// A target elsewhere has its scheme and host; one on this site begins with "/".
/// Errors: invalid — neither of the two, or a scheme but http and https.
Result<Target> parse_target(std::string_view text, const std::vector<std::string>& captures);

/// `text` with captures after ":", as in a header's value: "</:splat>; rel=next".
Template parse_template(std::string_view text, const std::vector<std::string>& captures);

/// The names that a pattern and its conditions capture.
std::vector<std::string> captures_of(const Pattern& pattern,
                                     const std::vector<Condition>& conditions);

/// What RE2 says against `regex`, or "".
std::string regex_problem(const std::string& regex);

/// At most 200 bytes of what was written, for `Origin::text`.
std::string shown(std::string_view text);

}  // namespace berth::rules

#pragma once
/// Where the values of a JSON text stand, so that a rule or problem found in the parsed text can
/// name its line. Reads JSON with comments and trailing commas too, and never says that a text is
/// malformed: that is the parser's to say (base/json.hpp).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace berth::rules {

/// Lines from 1, by JSON pointer: `"/redirects/3"` → 17. A member has its key's line, "" the
/// line on which the text begins. Of two members with one key the later counts, as it does to the
/// parser.
///
/// Not in it is what is too deep or too long to ask for: over 64 levels, over 256 bytes of
/// pointer, and what comes after 8 MB of pointers.
std::map<std::string, std::uint32_t> json_lines_of(std::string_view text);

/// The line of `pointer`, or of the nearest thing around it that has one; 0: none has.
std::uint32_t line_at(const std::map<std::string, std::uint32_t>& lines, std::string pointer);

}  // namespace berth::rules

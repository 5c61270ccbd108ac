#pragma once
/// A `source` of `vercel.json`: the language of path-to-regexp 6.1, strict, case-sensitive, with
/// "/" between segments, as a pattern.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// What a template may ask for.
struct SourceCapture {
    std::string written{};  // ":id" → "id"; a group without a name has its number: "0", "1", …
    std::string name{};     // the capture's in the pattern: "id"; of an unnamed group "g0", "g1", …
    bool operator==(const SourceCapture&) const = default;
};

struct Source {
    Pattern pattern{};
    std::vector<SourceCapture> captures{};  // as they are written: "$1" is the first
};

/// Shape:  `/blog/:path*` → parts [blog, rest "path"]; `/:lang(en|de)/x` → regex
///         `(?:/(?P<lang>en|de))/x`; `/docs/(\d+)` → parts [docs], regex `(?:/(?P<g0>\d+))`;
///         `/((?!api/).*)` → regex `(?:/(?P<g0>.*))`, unless `/(?:api/)`.
/// Strict: `/blog/:path*` is not `/blog/`.
///
/// Where a name stands twice, the last one counts, as with Vercel. Where "g0" is a name of the
/// source's own, the unnamed group is "g0_".
/// Errors: invalid — the message says what is not understood, or why it can never match.
Result<Source> parse_source(std::string_view source);

}  // namespace berth::rules

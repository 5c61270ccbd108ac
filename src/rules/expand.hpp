#pragma once
/// Puts what a request's placeholders took into targets and values, encoded for its place there.

#include <optional>
#include <string>
#include <string_view>

#include "rules/matcher.hpp"
#include "rules/rule_set.hpp"

namespace berth::rules {

/// The path of a target, encoded: begins with one "/". A capture of a path keeps its slashes, one
/// of a query or header value does not. Nothing: the result would have a segment "." or "..".
std::optional<std::string> expand_path(const Template& path, const Captures& captures);

/// The whole target: "/b?x=1#c", or "https://h.example/b" when it is elsewhere.
/// Nothing: as above, or a capture does not fit into a host name.
std::optional<std::string> expand_target(const Target& target, const Captures& captures,
                                         QueryUse use, std::string_view request_query);

/// A header's name or value; what a path gave is encoded. Nothing: a capture has what a field may
/// not have.
std::optional<std::string> expand_field(const Template& value, const Captures& captures);

/// The request's own query as a Location carries it: a backslash, which is none of a query's and a
/// slash to some readers, is encoded.
std::string carried_query(std::string_view request_query);

/// The decoded values of a query's parameter, the last one; nothing: it is not there.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace berth::rules

#pragma once
/// Files of the store and of our own disk, as those read them who must live on whatever happens.

#include <string>

#include "base/file.hpp"

namespace berth::edge {

/// Errors: those of `read_file`; unavailable — where it would throw.
Result<std::string> read_or_say_why(const std::string& path, std::size_t bytes_max);

/// A name that becomes part of a path: a host or a deployment's id.
bool is_plain_name(std::string_view name);

/// "a.test.json" → "a.test"; "" for what is no route's.
std::string host_of_route(const std::string& file);

}  // namespace berth::edge

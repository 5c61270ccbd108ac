#pragma once
/// `.env` files: `KEY=value` lines, `export` in front, comments, and quotes as dotenv reads them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/problem.hpp"

namespace berth::cli {

using EnvEntry = std::pair<std::string, std::string>;

/// Single quotes keep everything; double quotes know \n \r \t \" \\ and may span lines; without
/// quotes a value ends before " #". A later line of the same key wins.
/// Errors: usage — names the line.
Outcome<std::vector<EnvEntry>> parse_dotenv(std::string_view text);

/// A value as it stands in such a file; read again, it is the same. Quotes as the value needs them,
/// single ones first: other readers expand nothing in them.
std::string dotenv_value(std::string_view value);

}  // namespace berth::cli

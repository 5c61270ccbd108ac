#pragma once
/// Shows an address: as the result, and on the desktop's browser where there is one.

#include <string>

#include "cli/context.hpp"

namespace berth::cli {

/// Prints `url` (with --json: {url}) and opens it where there is a desktop and nobody forbids it.
void open_address(Context& context, const std::string& url);

}  // namespace berth::cli

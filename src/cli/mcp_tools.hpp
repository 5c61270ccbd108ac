#pragma once
/// The tools of `berth mcp`: what programs may ask of Berth, over the same API as every command.

#include <vector>

#include "cli/context.hpp"
#include "cli/mcp_server.hpp"

namespace berth::cli {

/// `context` must outlive the tools. They sign in when they are first called.
std::vector<McpTool> mcp_tools(Context& context);

}  // namespace berth::cli

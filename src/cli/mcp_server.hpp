#pragma once
/// The Model Context Protocol as a server: JSON-RPC 2.0 messages, one a line, in and out. It knows
/// nothing of stdin and of Berth: mcp.cpp has the loop, mcp_tools.cpp the tools.
///
/// Source: modelcontextprotocol.io/specification/2025-11-25.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "cli/problem.hpp"

namespace berth::cli {

/// Something a program may have us do.
struct McpTool {
    std::string name{};
    std::string title{};
    std::string description{};
    json::bj::object properties{};  // JSON schema of the arguments
    std::vector<std::string> required{};
    bool writes = false;  // changes something: only with --allow-writes
    std::function<Outcome<json::value>(const json::bj::object& arguments)> call{};
};

class McpServer {
public:
    McpServer(std::vector<McpTool> tools, bool allow_writes);

    /// What is answered to one message, without line end; nothing to a notification. Never fails:
    /// what is no message of the protocol is answered as JSON-RPC says.
    std::optional<std::string> answer(std::string_view message);

private:
    json::value initialize(const json::bj::object& params);
    json::value list_tools() const;
    json::value call_tool(const json::bj::object& params) const;
    json::value dispatch(const std::string& method, const json::bj::object& params);

    std::vector<McpTool> tools_;
    bool allow_writes_;
    bool initialized_ = false;
};

/// What of `arguments` is not as the tool's schema says: "limit must be an integer"; "" if nothing.
std::string wrong_argument(const McpTool& tool, const json::bj::object& arguments);

}  // namespace berth::cli

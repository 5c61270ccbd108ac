#include <poll.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/mcp_server.hpp"
#include "cli/mcp_tools.hpp"

namespace berth::cli {

namespace {

constexpr std::size_t message_bytes_max = 4 << 20;

struct McpFlags {
    bool allow_writes = false;
};

/// Answers each line of what was read; what is left is the begin of a line.
void answer_lines(Context& context, McpServer& server, std::string& bytes, bool& too_long) {
    std::size_t begin = 0;
    for (std::size_t end; (end = bytes.find('\n', begin)) != bytes.npos; begin = end + 1) {
        const std::string_view line = std::string_view(bytes).substr(begin, end - begin);
        // The rest of a line that was refused already is no message.
        if (std::exchange(too_long, false) || line.find_first_not_of(" \t\r") == line.npos)
            continue;
        if (const std::optional<std::string> reply = server.answer(line))
            context.output.raw(*reply + "\n");
    }
    bytes.erase(0, begin);
    if (bytes.size() <= message_bytes_max) return;
    bytes.clear();
    if (std::exchange(too_long, true)) return;
    context.output.raw(
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"a message has 4 MiB at most"}})"
        "\n");
}

/// Ends when the client closes our stdin, or with Ctrl-C.
Outcome<> serve(Context& context, const McpFlags& flags) {
    McpServer server(mcp_tools(context), flags.allow_writes);
    context.output.note(
        fmt::format("MCP server on stdin and stdout; {}.",
                    flags.allow_writes ? "it may deploy, promote and roll back" : "it only reads"));
    std::string bytes;
    bool too_long = false;
    char piece[64 << 10];
    while (true) {  // ends as said above
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&input, 1, -1) < 0) {  // a signal: the loop knows what it means
            const Outcome<> going = context.loop.pause(std::chrono::milliseconds(1));
            if (!going) return going;
            continue;
        }
        const ssize_t count = ::read(STDIN_FILENO, piece, sizeof piece);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return {};
        bytes.append(piece, static_cast<std::size_t>(count));
        answer_lines(context, server, bytes, too_long);
        if (context.loop.abandoned())
            return problem(Exit::interrupted, "interrupted", "interrupted");
    }
}

}  // namespace

void add_mcp(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "mcp", "Serve the Model Context Protocol on stdin and stdout, for assistants",
        {{"berth mcp", "reads projects, deployments and logs; changes nothing"},
         {"berth mcp --allow-writes", "may also deploy, cancel, promote and roll back"}});
    const auto flags = std::make_shared<McpFlags>();
    command->add_flag("--allow-writes", flags->allow_writes,
                      "Also offer tools that change something");
    on_run(command, parsed, flags, serve);
}

}  // namespace berth::cli

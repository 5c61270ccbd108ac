#include "cli/command.hpp"
#include "cli/commands.hpp"

namespace berth::cli {

void add_version(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "version", "Print the version of this program",
                    {{"berth version", ""}, {"berth version --json", "one object"}});
    on_run(command, parsed, [](Context& context) -> Outcome<> {
        if (context.output.json()) {
            context.output.object(json::bj::object{{"version", BERTH_VERSION}});
        } else {
            context.output.result("berth " BERTH_VERSION);
        }
        return {};
    });
}

}  // namespace berth::cli

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "rules/berth_toml_schema.hpp"

namespace berth::cli {

void add_schema(CLI::App& app, Parsed& parsed) {
    CLI::App* command = add_command(
        app, "schema", "Print the JSON schema of berth.toml, for editors",
        {{"berth schema > berth.schema.json", ""},
         {"head -1 berth.toml", "#:schema https://berth.example/schema/berth.toml.json"}});
    on_run(command, parsed, [](Context& context) -> Outcome<> {
        context.output.raw(rules::berth_toml_schema());
        return {};
    });
}

}  // namespace berth::cli

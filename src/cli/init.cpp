#include <filesystem>

#include "base/file.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/view.hpp"
#include "plans/directory_survey.hpp"
#include "plans/inspection.hpp"
#include "rules/berth_toml_schema.hpp"

namespace berth::cli {

namespace {

struct InitFlags {
    std::string directory = ".";
};

/// A line of TOML with its reason; "" for what was not found.
std::string line_of(const json::value& found, std::string_view key) {
    const json::value* planned = member(found, key);
    if (planned == nullptr || !planned->is_object()) return {};
    const std::string value = text(*planned, "value");
    if (value.empty()) return {};
    const std::string reason = printable(text(*planned, "reason"), Colour::strip);
    // A text of JSON is one of TOML.
    const std::string line = fmt::format("{} = {}", key, json::bj::serialize(json::value(value)));
    return reason.empty() ? line + "\n" : fmt::format("{}  # {}\n", line, reason);
}

std::string file_of(const json::value& found, const std::string& server) {
    std::string bytes =
        fmt::format("#:schema {}{}\n\n[build]\n", server, rules::berth_toml_schema_path);
    for (const char* key : {"framework", "install_command", "build_command", "output_dir", "node"})
        bytes += line_of(found, key);
    return bytes;
}

Outcome<> init(Context& context, const InitFlags& flags) {
    const Outcome<Place> place = place_of(flags.directory, std::nullopt);
    if (!place) return place.error();
    const Outcome<std::string> server = context.server();
    if (!server) return server.error();
    const std::string file =
        (std::filesystem::path(place->top) / place->root / "berth.toml").string();
    std::error_code broken;
    if (std::filesystem::exists(file, broken)) {
        return problem(Exit::conflict, "already_there",
                       fmt::format("{} is there already; nothing was written", file),
                       "see what is detected", "berth detect");
    }
    const Result<plans::Survey> survey = plans::survey_directory(place->top, place->root);
    if (!survey) return problem(Exit::not_found, "no_directory", survey.error().message);
    const json::value found = json::from(plans::inspection_of(*survey, {}));
    try {
        write_file(file, file_of(found, *server), 0644);
    } catch (const std::exception& refused) {
        return problem(Exit::failure, "not_written", refused.what());
    }
    context.output.note("Written down as it was detected; delete the lines that should stay so.");
    if (const std::string refused = text(found, "refused"); !refused.empty())
        context.output.note(printable(refused, Colour::strip), Style::yellow);
    if (context.output.json()) {
        context.output.object(json::bj::object{{"file", file}});
    } else {
        context.output.result(file);
    }
    return {};
}

}  // namespace

void add_init(CLI::App& app, Parsed& parsed) {
    CLI::App* command =
        add_command(app, "init", "Write a berth.toml with what is detected in a directory",
                    {{"berth init", "this directory"}, {"berth init apps/web", "a part of it"}});
    const auto flags = std::make_shared<InitFlags>();
    command->add_option("DIR", flags->directory, "Directory; default: this one")->type_name("");
    on_run(command, parsed, flags, init);
}

}  // namespace berth::cli

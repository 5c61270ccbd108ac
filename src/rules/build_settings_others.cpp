#include "rules/build_settings_reader.hpp"
#include "rules/lines.hpp"
#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

namespace bj = boost::json;

/// JSON with comments and trailing commas; an empty object when it is something else.
bj::object object_of(const std::string& text) {
    bj::parse_options options;
    options.allow_comments = true;
    options.allow_trailing_commas = true;
    options.max_depth = 32;
    boost::system::error_code broken;
    bj::value parsed = bj::parse(text, broken, {}, options);
    return broken || !parsed.is_object() ? bj::object() : std::move(parsed.get_object());
}

const bj::object* object_at(const bj::object* object, std::string_view key) {
    const bj::value* value = object == nullptr ? nullptr : object->if_contains(key);
    return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

std::optional<std::string> text_at(const bj::object* object, std::string_view key) {
    const bj::value* value = object == nullptr ? nullptr : object->if_contains(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

toml::table table_of(const std::string& text) {
    std::vector<Problem> problems;  // said where the file's rules are read, if it has any
    Problems unsaid("", problems);
    return parse_toml(text, unsaid).value_or(toml::table());
}

void join(std::optional<std::string>& commands, const std::string& more) {
    commands = commands ? *commands + " && " + more : more;
}

/// Railpack's commands are texts or objects with `cmd`; "..." stands for what it detects.
std::optional<std::string> railpack_commands(const bj::object* step) {
    const bj::value* list = step == nullptr ? nullptr : step->if_contains("commands");
    if (list == nullptr || !list->is_array()) return std::nullopt;
    std::optional<std::string> commands;
    for (const bj::value& item : list->get_array()) {
        const auto command = item.is_object()   ? text_at(&item.get_object(), "cmd")
                             : item.is_string() ? std::optional(std::string(item.get_string()))
                                                : std::nullopt;
        if (command == "...") return std::nullopt;
        if (command) join(commands, *command);
    }
    return commands;
}

std::optional<std::string> nixpacks_commands(const toml::table& file, std::string_view phase) {
    const toml::array* list = file["phases"][phase]["cmds"].as_array();
    if (list == nullptr) return std::nullopt;
    std::optional<std::string> commands;
    for (const toml::node& item : *list) {
        const auto command = item.value<std::string>();
        if (command == "...") return std::nullopt;
        if (command) join(commands, *command);
    }
    return commands;
}

}  // namespace

void read_wrangler_build(const std::string& text, const std::string& name,
                         BuildSettings& settings) {
    SettingsReader reader(name, settings);
    if (name == "wrangler.toml") {
        const toml::table file = table_of(text);
        reader.set(settings.build_command, "build.command",
                   file["build"]["command"].value<std::string>());
        reader.set(settings.output_dir, "assets.directory",
                   file["assets"]["directory"].value<std::string>());
        reader.set(settings.output_dir, "pages_build_output_dir",
                   file["pages_build_output_dir"].value<std::string>());
        return;
    }
    const bj::object file = object_of(text);
    reader.set(settings.build_command, "build.command",
               text_at(object_at(&file, "build"), "command"));
    reader.set(settings.output_dir, "assets.directory",
               text_at(object_at(&file, "assets"), "directory"));
    reader.set(settings.output_dir, "pages_build_output_dir",
               text_at(&file, "pages_build_output_dir"));
}

void read_railpack(const std::string& text, BuildSettings& settings) {
    SettingsReader reader("railpack.json", settings);
    const bj::object file = object_of(text);
    const bj::object* steps = object_at(&file, "steps");
    reader.set(settings.install_command, "steps.install",
               railpack_commands(object_at(steps, "install")));
    reader.set(settings.build_command, "steps.build", railpack_commands(object_at(steps, "build")));
    reader.set(settings.start_command, "deploy.startCommand",
               text_at(object_at(&file, "deploy"), "startCommand"));
    reader.set(settings.node, "packages.node", text_at(object_at(&file, "packages"), "node"));
    if (const bj::object* variables = object_at(object_at(steps, "build"), "variables")) {
        for (const auto& item : *variables) {
            if (item.value().is_string())
                reader.set_variable(std::string(item.key()),
                                    std::string(item.value().get_string()));
        }
    }
}

void read_nixpacks(const std::string& text, BuildSettings& settings) {
    SettingsReader reader("nixpacks.toml", settings);
    const toml::table file = table_of(text);
    reader.set(settings.install_command, "phases.install", nixpacks_commands(file, "install"));
    reader.set(settings.build_command, "phases.build", nixpacks_commands(file, "build"));
    reader.set(settings.start_command, "start.cmd", file["start"]["cmd"].value<std::string>());
    const toml::table* variables = file["variables"].as_table();
    if (variables == nullptr) return;
    for (const auto& [name, value] : *variables) {
        if (const auto* known = value.as_string())
            reader.set_variable(std::string(name.str()), known->get());
    }
    if (const auto node = (*variables)["NIXPACKS_NODE_VERSION"].value<std::string>())
        reader.set(settings.node, "variables.NIXPACKS_NODE_VERSION", node);
}

void read_procfile(const std::string& text, BuildSettings& settings) {
    SettingsReader reader("Procfile", settings);
    for (const Line& line : lines_of(text)) {
        constexpr std::string_view web = "web:";
        if (!line.text.starts_with(web) || settings.start_command) continue;
        const std::string_view command = line.text.substr(web.size());
        const std::size_t begin = command.find_first_not_of(" \t");
        if (begin != command.npos)
            reader.set(settings.start_command, "web", std::string(command.substr(begin)));
    }
}

/// Heroku's; Expo's of the same name has none of these keys. A required value without a default is
/// the user's to set.
void read_app_json(const std::string& text, BuildSettings& settings) {
    SettingsReader reader("app.json", settings);
    const bj::object file = object_of(text);
    const bj::object* variables = object_at(&file, "env");
    if (variables == nullptr) return;
    for (const auto& item : *variables) {
        const std::string name(item.key());
        const auto value = item.value().is_object() ? text_at(&item.value().get_object(), "value")
                           : item.value().is_string()
                               ? std::optional(std::string(item.value().get_string()))
                               : std::nullopt;
        if (value && !settings.environment.contains(name)) reader.set_variable(name, *value);
    }
}

}  // namespace berth::rules

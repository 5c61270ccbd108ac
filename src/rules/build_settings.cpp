#include "rules/build_settings.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "rules/pattern.hpp"
#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t variables_max = 100;
constexpr std::size_t value_bytes_max = 4'096;

/// A command is one line: more would run in a shell that nobody sees.
bool is_value(std::string_view text) {
    return text.size() <= value_bytes_max && std::ranges::all_of(text, [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
           });
}

bool is_variable(std::string_view name) {
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
           std::ranges::all_of(name, is_word);
}

void set(std::optional<BuildSetting>& into, const std::string& file, const std::string& key,
         const std::optional<std::string>& value, BuildSettings& settings) {
    if (!value) return;
    if (is_value(*value)) {
        into = BuildSetting{*value, file + ": " + key};
    } else {
        settings.notes.push_back(
            fmt::format("{}: {} must be one line of at most 4,096 bytes", file, key));
    }
}

void set_variable(const std::string& file, const std::string& name, const std::string& value,
                  BuildSettings& settings) {
    if (name == "PATH" || name.starts_with("BERTH_")) {
        settings.notes.push_back(fmt::format("{}: the variable {} is Berth's own", file, name));
        return;
    }
    const bool room = settings.environment.size() < variables_max;
    if (room && is_variable(name) && value.size() <= value_bytes_max &&
        value.find('\0') == value.npos) {
        settings.environment[name] = value;
        settings.environment_from = file;
    } else {
        settings.notes.push_back(
            fmt::format("{}: the variable '{}' is malformed, or one too many", file, shown(name)));
    }
}

// --- netlify.toml

/// The keys of `build` in one table: the root's, then those of a context.
void read_netlify_build(const toml::table& build, const std::string& prefix,
                        BuildSettings& settings) {
    const std::string file = "netlify.toml";
    const auto text = [&](std::string_view key) { return build[key].value<std::string>(); };
    set(settings.build_command, file, prefix + "command", text("command"), settings);
    set(settings.output_dir, file, prefix + "publish", text("publish"), settings);
    set(settings.base, file, prefix + "base", text("base"), settings);
    const toml::table* environment = build["environment"].as_table();
    if (environment == nullptr) return;
    for (const auto& [name, value] : *environment) {
        if (const auto* known = value.as_string()) {
            set_variable(file, std::string(name.str()), known->get(), settings);
        } else if (const auto* number = value.as_integer()) {
            set_variable(file, std::string(name.str()), std::to_string(number->get()), settings);
        } else {
            settings.notes.push_back(
                fmt::format("{}: the variable '{}' must be a text", file, shown(name.str())));
        }
    }
    if (const auto node = settings.environment.find("NODE_VERSION");
        node != settings.environment.end()) {
        set(settings.node, file, prefix + "environment.NODE_VERSION", node->second, settings);
    }
}

/// root ← the context's name ← the branch's patterns ← the branch's name: rules.md §5.3.
void read_netlify(const toml::table& table, const BuildContext& context, BuildSettings& settings) {
    if (const toml::table* build = table["build"].as_table())
        read_netlify_build(*build, "build.", settings);
    const toml::table* contexts = table["context"].as_table();
    if (contexts == nullptr) return;
    const auto read = [&](const std::string& name) {
        if (const toml::table* found = (*contexts)[name].as_table())
            read_netlify_build(*found, "context." + name + ".", settings);
    };
    // A preview here is of a branch, not (yet) of a request to merge it.
    read(context.production ? "production" : "branch-deploy");
    for (const auto& [name, value] : *contexts) {
        const std::string_view pattern = name.str();
        const bool matches = pattern.ends_with('*') &&
                             context.branch.starts_with(pattern.substr(0, pattern.size() - 1));
        if (matches) read(std::string(pattern));
    }
    const bool reserved = context.branch == "production" || context.branch == "branch-deploy" ||
                          context.branch == "deploy-preview";
    if (!context.branch.empty() && !reserved) read(context.branch);
}

void read_berth(const toml::table& table, BuildSettings& settings) {
    const toml::table* build = table["build"].as_table();
    if (build == nullptr) return;
    const std::string file = "berth.toml";
    const auto text = [&](std::string_view key) { return (*build)[key].value<std::string>(); };
    set(settings.install_command, file, "build.install_command", text("install_command"), settings);
    set(settings.build_command, file, "build.build_command", text("build_command"), settings);
    set(settings.output_dir, file, "build.output_dir", text("output_dir"), settings);
    set(settings.node, file, "build.node", text("node"), settings);
    const toml::table* environment = (*build)["environment"].as_table();
    if (environment == nullptr) return;
    for (const auto& [name, value] : *environment) {
        if (const auto* known = value.as_string())
            set_variable(file, std::string(name.str()), known->get(), settings);
    }
}

void read_vercel(const json::bj::object& root, BuildSettings& settings) {
    const std::string file = "vercel.json";
    // null is the detected one.
    const auto text = [&](std::string_view key) -> std::optional<std::string> {
        const json::value* value = root.if_contains(key);
        if (value == nullptr || !value->is_string()) return std::nullopt;
        return std::string(value->get_string());
    };
    set(settings.install_command, file, "installCommand", text("installCommand"), settings);
    set(settings.build_command, file, "buildCommand", text("buildCommand"), settings);
    set(settings.output_dir, file, "outputDirectory", text("outputDirectory"), settings);
}

std::optional<toml::table> parsed(const std::string& text) {
    // What is wrong with the file is said where its rules are read.
    std::vector<Problem> problems;
    Problems unsaid("", problems);
    return parse_toml(text, unsaid);
}

}  // namespace

BuildSettings read_build_settings(const std::map<std::string, std::string>& files,
                                  const BuildContext& context) {
    BuildSettings settings;
    if (const auto own = files.find("berth.toml"); own != files.end()) {
        if (const auto table = parsed(own->second)) read_berth(*table, settings);
    } else if (const auto vercel = files.find("vercel.json"); vercel != files.end()) {
        const Result<json::value> value = json::parse(vercel->second);
        if (value && value->is_object()) read_vercel(value->get_object(), settings);
    } else if (const auto netlify = files.find("netlify.toml"); netlify != files.end()) {
        if (const auto table = parsed(netlify->second)) read_netlify(*table, context, settings);
    }
    return settings;
}

}  // namespace berth::rules

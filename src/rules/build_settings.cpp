#include "rules/build_settings.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "rules/build_settings_reader.hpp"
#include "rules/pattern.hpp"
#include "rules/toml_reader.hpp"

namespace berth::rules {

namespace {

constexpr std::size_t variables_max = 100;
constexpr std::size_t value_bytes_max = 4'096;
constexpr std::size_t watch_max = 100;

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

// --- netlify.toml

/// The keys of `build` in one table: the root's, then those of a context.
void read_netlify_build(const toml::table& build, const std::string& prefix,
                        BuildSettings& settings) {
    SettingsReader reader("netlify.toml", settings);
    const auto text = [&](std::string_view key) { return build[key].value<std::string>(); };
    reader.set(settings.build_command, prefix + "command", text("command"));
    reader.set(settings.output_dir, prefix + "publish", text("publish"));
    reader.set(settings.base, prefix + "base", text("base"));
    reader.set(settings.ignore_command, prefix + "ignore", text("ignore"));
    const toml::table* environment = build["environment"].as_table();
    if (environment == nullptr) return;
    for (const auto& [name, value] : *environment) {
        if (const auto* known = value.as_string()) {
            reader.set_variable(std::string(name.str()), known->get());
        } else if (const auto* number = value.as_integer()) {
            reader.set_variable(std::string(name.str()), std::to_string(number->get()));
        } else {
            reader.note(fmt::format("the variable '{}' must be a text", shown(name.str())));
        }
    }
    if (const auto node = settings.environment.find("NODE_VERSION");
        node != settings.environment.end()) {
        reader.set(settings.node, prefix + "environment.NODE_VERSION", node->second);
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

void read_watch(TomlTable& build, SettingsReader& reader) {
    const toml::node* node = build.take("watch");
    if (node == nullptr) return;
    BuildSettings& settings = reader.settings();
    const auto wrong = [&] {
        reader.note(fmt::format("build.watch is a list of at most {} paths", watch_max));
    };
    const toml::array* watch = node->as_array();
    if (watch == nullptr) return wrong();
    for (const toml::node& item : *watch) {
        const auto path = item.value<std::string>();
        if (path && !path->empty() && is_value(*path) && settings.watch.size() < watch_max) {
            settings.watch.push_back(*path);
        } else {
            wrong();
        }
    }
    settings.watch_from = "berth.toml: build.watch";
}

void read_vercel(const json::bj::object& root, BuildSettings& settings) {
    SettingsReader reader("vercel.json", settings);
    // null is the detected one.
    const auto text = [&](std::string_view key) -> std::optional<std::string> {
        const json::value* value = root.if_contains(key);
        if (value == nullptr || !value->is_string()) return std::nullopt;
        return std::string(value->get_string());
    };
    for (const auto& [key, into] : {std::pair("framework", &settings.framework),
                                    std::pair("installCommand", &settings.install_command),
                                    std::pair("buildCommand", &settings.build_command),
                                    std::pair("devCommand", &settings.dev_command),
                                    std::pair("ignoreCommand", &settings.ignore_command),
                                    std::pair("outputDirectory", &settings.output_dir)}) {
        reader.set(*into, key, text(key));
    }
}

std::optional<toml::table> parsed(const std::string& text) {
    // What is wrong with the file is said where its rules are read.
    std::vector<Problem> problems;
    Problems unsaid("", problems);
    return parse_toml(text, unsaid);
}

}  // namespace

void read_berth_build(const toml::table& table, BuildSettings& settings,
                      std::set<std::string>* asked) {
    std::vector<Problem> said;
    Problems problems("berth.toml", said, asked);
    TomlTable root(table, "", problems);
    const toml::table* source = root.table("build");
    SettingsReader reader("berth.toml", settings);
    if (source != nullptr) {
        TomlTable build(*source, "build.", problems);
        for (const auto& [key, into] :
             {std::pair("framework", &settings.framework),
              std::pair("install_command", &settings.install_command),
              std::pair("build_command", &settings.build_command),
              std::pair("dev_command", &settings.dev_command),
              std::pair("start_command", &settings.start_command),
              std::pair("ignore_command", &settings.ignore_command),
              std::pair("output_dir", &settings.output_dir), std::pair("node", &settings.node)}) {
            reader.set(*into, std::string("build.") + key, build.text(key));
        }
        read_watch(build, reader);
        for (const auto& [name, value] : build.pairs("environment"))
            reader.set_variable(name, value);
        build.warn_about_others();
    }
    for (const Problem& problem : said)
        reader.note(problem.message);
}

void SettingsReader::set(std::optional<BuildSetting>& into, const std::string& key,
                         const std::optional<std::string>& value) {
    if (!value) return;
    if (is_value(*value)) {
        into = BuildSetting{*value, file_ + ": " + key};
    } else {
        note(fmt::format("{} must be one line of at most 4,096 bytes", key));
    }
}

void SettingsReader::set_variable(const std::string& name, const std::string& value) {
    if (name == "PATH" || name.starts_with("BERTH_"))
        return note(fmt::format("the variable {} is Berth's own", name));
    const bool room = settings_.environment.size() < variables_max;
    if (room && is_variable(name) && value.size() <= value_bytes_max &&
        value.find('\0') == value.npos) {
        settings_.environment[name] = value;
        settings_.environment_from = file_;
    } else {
        note(fmt::format("the variable '{}' is malformed, or one too many", shown(name)));
    }
}

void SettingsReader::note(std::string_view what) {
    settings_.notes.push_back(fmt::format("{}: {}", file_, what));
}

const std::vector<std::string>& build_setting_files() {
    static const std::vector<std::string> names{
        "berth.toml",     "vercel.json",   "netlify.toml",  "wrangler.toml", "wrangler.json",
        "wrangler.jsonc", "railpack.json", "nixpacks.toml", "Procfile",      "app.json"};
    return names;
}

BuildSettings read_build_settings(const std::map<std::string, std::string>& files,
                                  const BuildContext& context) {
    BuildSettings settings;
    const auto first = std::ranges::find_if(
        build_setting_files(), [&](const std::string& name) { return files.contains(name); });
    const std::string name = first == build_setting_files().end() ? "" : *first;
    if (name == "berth.toml" || name == "netlify.toml") {
        if (const auto table = parsed(files.at(name)))
            name == "berth.toml" ? read_berth_build(*table, settings)
                                 : read_netlify(*table, context, settings);
    } else if (name == "vercel.json") {
        const Result<json::value> value = json::parse(files.at(name));
        if (value && value->is_object()) read_vercel(value->get_object(), settings);
    } else if (name.starts_with("wrangler.")) {
        read_wrangler_build(files.at(name), name, settings);
    } else if (name == "railpack.json") {
        read_railpack(files.at(name), settings);
    } else if (name == "nixpacks.toml") {
        read_nixpacks(files.at(name), settings);
    }
    if (const auto procfile = files.find("Procfile"); procfile != files.end())
        read_procfile(procfile->second, settings);
    if (const auto app = files.find("app.json"); app != files.end())
        read_app_json(app->second, settings);
    return settings;
}

}  // namespace berth::rules

#include <algorithm>
#include <array>

#include "plans/framework_config.hpp"

namespace berth::plans {
namespace {

// --- options of the build script

struct Option {
    std::string_view framework, name;
};
/// Where a build command may say its output, relative to the directory it runs in.
constexpr std::array<Option, 24> options{{{"vite", "outDir"},
                                          {"ionic_react", "outDir"},
                                          {"astro", "outDir"},
                                          {"docusaurus", "out-dir"},
                                          {"vitepress", "outDir"},
                                          {"vuepress", "dest"},
                                          {"vuepress", "-d"},
                                          {"eleventy", "output"},
                                          {"angular", "output-path"},
                                          {"ionic_angular", "output-path"},
                                          {"vue_cli", "dest"},
                                          {"ember", "output-path"},
                                          {"ember", "-o"},
                                          {"parcel", "dist-dir"},
                                          {"parcel", "out-dir"},
                                          {"parcel", "-d"},
                                          {"preact_cli", "dest"},
                                          {"storybook", "output-dir"},
                                          {"storybook", "-o"},
                                          {"webpack", "output-path"},
                                          {"webpack", "-o"},
                                          {"rsbuild", "dist-path"},
                                          {"hugo", "destination"},
                                          {"hugo", "-d"}}};

/// Only of the framework's own program: `tsc --outDir lib && vite build` says nothing of Vite.
std::string_view own_part(std::string_view script, const Framework& found) {
    const std::string_view program = found.row->build.substr(0, found.row->build.find(' '));
    for (std::size_t at = script.find(program); at != script.npos;
         at = script.find(program, at + 1)) {
        const bool begins = at == 0 || script[at - 1] == ' ' || script[at - 1] == '/';
        const std::size_t end = at + program.size();
        if (!begins || (end < script.size() && script[end] != ' ')) continue;
        return script.substr(at, script.find_first_of("&;|", at) - at);
    }
    return "";
}

bool take_option(const PackageJson* package, Framework& found) {
    const std::string* script =
        package == nullptr
            ? nullptr
            : package->script(found.script.empty() ? "build" : std::string_view(found.script));
    if (script == nullptr || found.row == nullptr) return false;
    const std::string_view own = own_part(*script, found);
    for (const Option& option : options) {
        if (option.framework != found.name) continue;
        const std::string value = option_value(own, option.name);
        const std::string shown = option.name.starts_with('-') ? std::string(option.name)
                                                               : fmt::format("--{}", option.name);
        // Vite's own directory is relative to its root, which may be an argument.
        if (take_output(found, "", value, fmt::format("{} in the build script", shown)))
            return true;
    }
    return false;
}

/// "vitepress build docs" → "docs".
std::string built_directory(const PackageJson* package, std::string_view command) {
    if (package == nullptr) return "";
    for (const auto& [name, script] : package->scripts) {
        const std::size_t at = script.find(command);
        if (at == script.npos) continue;
        std::string_view rest = std::string_view(script).substr(at + command.size());
        rest = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
        const std::string_view word = rest.substr(0, rest.find_first_of(" &;|"));
        if (!word.empty() && !word.starts_with('-')) return path_below("", word, "");
    }
    return "";
}

// --- what the table says of the configuration

/// "react-router.config.*:buildDirectory/client", in parts.
struct Place {
    std::string_view file{}, key{}, below{};
};

Place place_of(std::string_view word) {
    const std::size_t colon = word.find(':');
    const std::size_t slash = word.find('/', colon);
    Place place{.file = word.substr(0, colon), .key = word.substr(colon + 1, slash - colon - 1)};
    if (slash != word.npos) place.below = word.substr(slash + 1);
    return place;
}

/// A value that is there and computed is said, for then the usual directory may be wrong.
bool take_place(const Survey& survey, const Place& place, std::string_view base, Framework& found) {
    std::string name;
    const std::string* source =
        config_file(survey, name_of(place.file), name, parent_of(place.file));
    if (source == nullptr) return false;
    const bool lines = name.ends_with(".toml") || name.ends_with(".yml") || name.ends_with(".yaml");
    const JavascriptLiterals literals =
        lines ? JavascriptLiterals() : JavascriptLiterals::read(*source);
    std::optional<std::string> path =
        lines ? line_value(source, place.key) : literals.text(place.key);
    if (path && !path->empty() && !place.below.empty()) *path += fmt::format("/{}", place.below);
    if (take_output(found, base, path, fmt::format("{} in {}", place.key, name))) return true;
    if (!path && literals.has(place.key)) {
        found.output_reason = fmt::format("{}; {} in {} is computed, so it was not read",
                                          found.output_reason, place.key, name);
    }
    return false;
}

void take_from_table(const Survey& survey, Framework& found, std::string_view base = "") {
    bool taken = false;
    each_word(found.row->config, [&](std::string_view word) {
        taken = taken || take_place(survey, place_of(word), base, found);
    });
}

// --- frameworks of which a key does not say all

void read_documentation(const Survey& survey, const PackageJson* package, Framework& found,
                        std::string_view directory, std::string_view key, bool key_below) {
    std::string base = built_directory(package, found.row->build);
    if (base == ".") base.clear();
    if (base.empty() && !survey.has(directory)) {
        for (const std::string_view usual : {"docs", "src", "doc"}) {
            if (survey.has(below(usual, directory))) base = usual;
        }
    }
    found.output_dir = below(base, found.row->output);
    if (!base.empty()) found.output_reason = fmt::format("below {}, which it builds", base);
    const JavascriptLiterals literals = config_literals(survey, "config.*", below(base, directory));
    take_output(found, key_below ? base : "", literals.text(key),
                fmt::format("{} in {}/config", key, below(base, directory)));
}

void read_vite(const Survey& survey, Framework& found) {
    const std::string root = config_literals(survey, "vite.config.*").text("root").value_or("");
    if (!root.empty())
        take_output(found, root, found.output_dir, "below root in the Vite configuration");
    take_from_table(survey, found, root);
}

/// The first digit of a range: "^2.15.0" → '2'.
bool is_nuxt_2(const PackageJson& package) {
    if (package.depends_on("nuxt-edge")) return true;
    const auto nuxt = package.dependencies.find("nuxt");
    if (nuxt == package.dependencies.end()) return false;
    const std::size_t digit = nuxt->second.find_first_of("0123456789");
    return digit != std::string::npos && nuxt->second[digit] == '2';
}

void read_nuxt(const Survey& survey, const PackageJson* package, Framework& found) {
    if (package != nullptr && is_nuxt_2(*package)) {
        found.output_dir = "dist";
        found.output_reason = "where Nuxt 2 puts it";
    }
    take_from_table(survey, found);
}

/// `build` has the site's own name below it.
void read_docusaurus_1(const Survey& survey, Framework& found) {
    const auto name = config_literals(survey, "siteConfig.js").text("projectName");
    take_output(found, "build", name, "projectName in siteConfig.js");
}

/// Without a build the pages lie where their index.html is.
void read_docsify(const Survey& survey, Framework& found) {
    if (survey.has("index.html") || !survey.has("docs/index.html")) return;
    take_output(found, "", "docs", "there is a docs/index.html");
}

}  // namespace

bool take_output(Framework& found, std::string_view base, const std::optional<std::string>& path,
                 std::string reason) {
    if (!path || path->empty()) return false;
    const std::string read = path_below(base, *path, found.root);
    if (read.empty() || read == ".") return false;
    found.output_dir = read;
    found.output_reason = std::move(reason);
    return true;
}

void read_output(const Survey& survey, const PackageJson* package, Framework& found) {
    const std::string& name = found.name;
    if (name == "vite" || name == "ionic_react") {
        read_vite(survey, found);
    } else if (name == "nuxt") {
        read_nuxt(survey, package, found);
    } else if (name == "angular" || name == "ionic_angular") {
        read_angular_output(survey, found);
    } else if (name == "vitepress") {
        read_documentation(survey, package, found, ".vitepress", "outDir", true);
    } else if (name == "vuepress") {
        read_documentation(survey, package, found, ".vuepress", "dest", false);
    } else if (name == "polymer") {
        read_polymer_output(survey, found);
    } else if (name == "docusaurus_1") {
        read_docusaurus_1(survey, found);
    } else if (name == "docsify") {
        read_docsify(survey, found);
    } else {
        take_from_table(survey, found);
    }
    read_nx_output(survey, found);
    take_option(package, found);
}

}  // namespace berth::plans

#include "plans/node_version.hpp"

#include <algorithm>
#include <array>

#include "rules/toml_reader.hpp"

namespace berth::plans {
namespace {

struct Codename {
    std::string_view name;
    unsigned major;
};
constexpr std::array<Codename, 6> lts_names{{{"fermium", 14},
                                             {"gallium", 16},
                                             {"hydrogen", 18},
                                             {"iron", 20},
                                             {"jod", 22},
                                             {"krypton", 24}}};

std::string first_word(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(begin);
    return std::string(text.substr(0, text.find_first_of(" \t\r\n#")));
}

/// The words of nvm beside numbers: "lts/*", "lts/iron", "node". Anything else stays.
std::string without_names(std::string text) {
    if (text == "lts/*" || text == "lts" || text == "--lts")
        return std::to_string(default_node_major);
    if (text == "node" || text == "latest" || text == "current" || text == "stable") return "*";
    for (const Codename& one : lts_names) {
        if (text == fmt::format("lts/{}", one.name)) return std::to_string(one.major);
    }
    return text;
}

/// ".tool-versions" has lines "nodejs 20.1.0".
std::string tool_version(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        for (const std::string_view tool : {"nodejs ", "node "}) {
            if (line.starts_with(tool)) return first_word(line.substr(tool.size()));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return "";
}

/// Whether two ranges have a version in common, tried on every line of Node.
bool overlap(const VersionRange& a, const VersionRange& b) {
    for (unsigned major = oldest_node_major; major < 40; ++major) {
        for (unsigned minor = 0; minor < 40; ++minor) {
            for (const unsigned patch : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 20u}) {
                const Version version{{major, minor, patch}};
                if (a.admits(version) && b.admits(version)) return true;
            }
        }
    }
    return false;
}

/// mise.toml: `node = "22"` or `node = {version = "22"}` below [tools].
std::string mise_version(const std::string& text) {
    std::vector<rules::Problem> problems;  // a broken file pins nothing
    rules::Problems unsaid("", problems);
    const auto file = rules::parse_toml(text, unsaid);
    if (!file) return "";
    for (const char* name : {"node", "nodejs", "core:node"}) {
        const auto tool = (*file)["tools"][name];
        if (const auto version = tool.value<std::string>()) return *version;
        if (const auto version = tool["version"].value<std::string>()) return *version;
        if (const auto version = tool[0].value<std::string>()) return *version;
    }
    return "";
}

std::string pin_in(const std::string& name, const std::string& text) {
    if (name == ".tool-versions") return tool_version(text);
    if (name.ends_with("mise.toml")) return mise_version(text);
    return first_word(text);
}

/// The first pin that is a version; what is there and is none warns.
std::optional<jobs::Planned> pinned(const Survey& survey, const PackageJson* package,
                                    const PackageJson* above, std::vector<std::string>& warnings) {
    for (const char* name :
         {".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml"}) {
        const std::string* file = survey.file_upwards(name);
        if (file == nullptr) continue;
        const std::string text = without_names(pin_in(name, *file));
        if (!text.empty() && VersionRange::parse(text)) return jobs::Planned{text, name};
        if (!text.empty())
            warnings.push_back(
                fmt::format("{} says '{}', which is no version of Node", name, text));
    }
    for (const PackageJson* one : {package, above}) {
        if (one == nullptr || !VersionRange::parse(one->volta_node)) continue;
        if (!one->volta_node.empty())
            return jobs::Planned{one->volta_node, "volta in package.json"};
    }
    return std::nullopt;
}

struct Engines {
    std::string text{};
    VersionRange range;
};

/// Of the package itself, else of its workspace.
std::optional<Engines> engines_of(const PackageJson* package, const PackageJson* above,
                                  std::vector<std::string>& warnings) {
    for (const PackageJson* one : {package, above}) {
        if (one == nullptr || !one->node) continue;
        if (auto range = VersionRange::parse(*one->node)) return Engines{*one->node, *range};
        warnings.push_back(
            fmt::format("engines.node in package.json is '{}', which is no range", *one->node));
    }
    return std::nullopt;
}

}  // namespace

Result<NodeChoice> plan_node(const Survey& survey, const PackageJson* package,
                             const PackageJson* above,
                             const std::optional<jobs::Planned>& setting) {
    NodeChoice choice;
    std::vector<std::string>& warnings = choice.warnings;
    const std::optional<Engines> engines = engines_of(package, above, warnings);
    if (setting) {
        choice.planned = {without_names(setting->value), setting->reason};
        const auto range = VersionRange::parse(choice.planned.value);
        if (!range) {
            return fail_as(Failure::invalid, "invalid_node", "/node",
                           "node: '{}' is not a version such as 22, 22.x or >=20", setting->value);
        }
        if (engines && !overlap(engines->range, *range)) {
            warnings.push_back(
                fmt::format("Node {} ({}) is not what engines in package.json wants: {}",
                            choice.planned.value, choice.planned.reason, engines->text));
        }
        return choice;
    }
    const auto pin = pinned(survey, package, above, warnings);
    if (pin && (!engines || overlap(engines->range, *VersionRange::parse(pin->value)))) {
        choice.planned = *pin;
    } else if (engines) {
        choice.planned = {engines->text, "engines in package.json"};
        if (pin) {
            warnings.push_back(
                fmt::format("{} says Node {}, which engines in package.json ({}) "
                            "does not admit: engines counts",
                            pin->reason, pin->value, engines->text));
        }
    } else {
        choice.planned = {std::to_string(default_node_major), "the default, the newest LTS"};
    }
    return choice;
}

std::optional<Version> pick_node(const std::string& range, const std::vector<Version>& available) {
    const auto wanted = VersionRange::parse(range);
    if (!wanted) return std::nullopt;
    std::optional<Version> standard;
    std::vector<Version> known;
    for (const Version& version : available) {
        if (version.major() < oldest_node_major) continue;
        known.push_back(version);
        const bool fits = version.major() == default_node_major && wanted->admits(version);
        if (fits && (!standard || version > *standard)) standard = version;
    }
    return standard ? standard : wanted->highest(known);
}

std::string npm_range_for(const Version& node) {
    if (node.major() >= 24) return "^11";
    if (node.major() >= 18) return "^10";
    if (node.major() >= 16) return "^8";
    return node.major() == 15 ? "^7" : "^6";
}

}  // namespace berth::plans

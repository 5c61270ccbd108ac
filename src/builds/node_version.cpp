#include "builds/node_version.hpp"

#include <array>

namespace berth::builds {
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

std::optional<jobs::Planned> pinned(const Survey& survey) {
    for (const char* name : {".nvmrc", ".node-version", ".tool-versions"}) {
        const std::string* file = survey.file_upwards(name);
        if (file == nullptr) continue;
        const bool is_table = std::string_view(name) == ".tool-versions";
        const std::string text = without_names(is_table ? tool_version(*file) : first_word(*file));
        if (!text.empty() && VersionRange::parse(text)) return jobs::Planned{text, name};
    }
    return std::nullopt;
}

}  // namespace

Result<jobs::Planned> plan_node(const Survey& survey, const PackageJson* package,
                                const std::optional<std::string>& setting) {
    if (setting && !setting->empty()) {
        const std::string text = without_names(*setting);
        if (!VersionRange::parse(text)) {
            return fail_as(Failure::invalid, "invalid_node", "/node",
                           "node: '{}' is not a version such as 22, 22.x or >=20", *setting);
        }
        return jobs::Planned{text, "set in the project"};
    }
    const auto engines = package != nullptr && package->node ? VersionRange::parse(*package->node)
                                                             : std::optional<VersionRange>();
    if (const auto pin = pinned(survey)) {
        if (!engines || overlap(*engines, *VersionRange::parse(pin->value))) return *pin;
        return jobs::Planned{*package->node,
                             fmt::format("engines in package.json; {} says {}, which engines does "
                                         "not admit",
                                         pin->reason, pin->value)};
    }
    if (engines) return jobs::Planned{*package->node, "engines in package.json"};
    return jobs::Planned{std::to_string(default_node_major), "the default"};
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

}  // namespace berth::builds

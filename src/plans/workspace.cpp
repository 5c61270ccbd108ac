#include "plans/workspace.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/json.hpp"

namespace berth::plans {
namespace {

namespace bj = boost::json;

constexpr std::size_t needed_max = 100;

std::optional<PackageJson> package_in(const Survey& survey, std::string_view directory) {
    const std::string* text = survey.file_in(directory, "package.json");
    if (text == nullptr) return std::nullopt;
    Result<PackageJson> parsed = parse_package_json(*text);
    return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

/// JSON with comments, as rush.json and lerna.json are written.
std::optional<bj::object> object_of(const std::string* text) {
    if (text == nullptr) return std::nullopt;
    bj::parse_options options;
    options.allow_comments = true;
    options.allow_trailing_commas = true;
    options.max_depth = 32;
    boost::system::error_code broken;
    bj::value parsed = bj::parse(*text, broken, {}, options);
    if (broken || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.get_object());
}

/// The last pattern that fits decides, as pnpm and npm do.
bool lists(const std::vector<std::string>& patterns, std::string_view path) {
    bool member = false;
    for (const std::string& pattern : patterns) {
        const bool excludes = pattern.starts_with('!');
        if (fits_workspace(std::string_view(pattern).substr(excludes ? 1 : 0), path))
            member = !excludes;
    }
    return member;
}

std::string_view relative(std::string_view path, std::string_view directory) {
    return directory.empty() ? path : path.substr(directory.size() + 1);
}

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(segment.size() + 1, path.size()));
        if (!segment.empty() && segment != ".") segments.push_back(segment);
    }
    return segments;
}

/// With at most one `*`.
bool fits_segment(std::string_view pattern, std::string_view segment) {
    const std::size_t star = pattern.find('*');
    if (star == pattern.npos) return pattern == segment;
    return segment.size() + 1 >= pattern.size() && segment.starts_with(pattern.substr(0, star)) &&
           segment.ends_with(pattern.substr(star + 1));
}

struct Listing {
    std::vector<std::string> patterns{};
    std::string source{};
};

std::vector<std::string> texts_at(const bj::object& object, std::string_view key) {
    std::vector<std::string> texts;
    const bj::value* list = object.if_contains(key);
    if (list == nullptr || !list->is_array()) return texts;
    for (const bj::value& item : list->get_array()) {
        if (item.is_string()) texts.emplace_back(item.get_string());
    }
    return texts;
}

/// rush.json names every project with its directory.
std::vector<std::string> rush_projects(const bj::object& rush) {
    std::vector<std::string> directories;
    const bj::value* projects = rush.if_contains("projects");
    if (projects == nullptr || !projects->is_array()) return directories;
    for (const bj::value& project : projects->get_array()) {
        if (!project.is_object()) continue;
        const bj::value* folder = project.get_object().if_contains("projectFolder");
        if (folder != nullptr && folder->is_string())
            directories.emplace_back(folder->get_string());
    }
    return directories;
}

Listing listing_of(const Survey& survey, std::string_view directory,
                   const std::optional<PackageJson>& package) {
    if (const auto rush = object_of(survey.file_in(directory, "rush.json")))
        return {rush_projects(*rush), "rush.json"};
    if (const std::string* yaml = survey.file_in(directory, "pnpm-workspace.yaml")) {
        if (auto patterns = pnpm_workspaces(*yaml); !patterns.empty())
            return {std::move(patterns), "pnpm-workspace.yaml"};
    }
    if (package && !package->workspaces.empty())
        return {package->workspaces, "workspaces of package.json"};
    if (const auto lerna = object_of(survey.file_in(directory, "lerna.json")))
        return {texts_at(*lerna, "packages"), "lerna.json"};
    return {};
}

TaskRunner runner_of(const Survey& survey, std::string_view directory,
                     const std::optional<PackageJson>& package) {
    const auto uses = [&](std::string_view file, std::string_view name) {
        return survey.has_in(directory, file) && package && package->depends_on(name);
    };
    if (survey.has_in(directory, "rush.json")) return TaskRunner::rush;
    if (uses("turbo.json", "turbo") || uses("turbo.jsonc", "turbo")) return TaskRunner::turbo;
    if (uses("nx.json", "nx") || uses("nx.json", "@nrwl/workspace")) return TaskRunner::nx;
    if (uses("lerna.json", "lerna")) return TaskRunner::lerna;
    return TaskRunner::none;
}

struct Member {
    std::string directory{};
    PackageJson package{};
};

/// By name; `directory` is the workspace's.
std::map<std::string, Member> members_of(const Survey& survey, const std::string& directory,
                                         const std::vector<std::string>& patterns) {
    std::map<std::string, Member> members;
    for (const auto& [path, text] : survey.files) {
        if (name_of(path) != "package.json") continue;
        const std::string_view at = parent_of(path);
        const bool inside = directory.empty() || at.starts_with(directory + "/");
        if (at.empty() || !inside || !lists(patterns, relative(at, directory))) continue;
        Result<PackageJson> package = parse_package_json(text);
        if (!package || package->name.empty()) continue;
        std::string name = package->name;
        members[std::move(name)] = {std::string(at), std::move(*package)};
    }
    return members;
}

/// What `package` needs, in an order in which they can be built. Cycles are cut.
class Needs {
public:
    explicit Needs(const std::map<std::string, Member>& members) : members_(members) {}

    std::vector<std::string> of(const PackageJson& package) {
        struct Visit {
            const PackageJson* package;
            const Member* member;
            bool done;
        };
        std::vector<Visit> open{{&package, nullptr, false}};
        while (!open.empty()) {  // every member is opened once
            Visit& top = open.back();
            if (top.done) {
                if (top.member != nullptr && order_.size() < needed_max)
                    order_.push_back(top.member->directory);
                open.pop_back();
                continue;
            }
            top.done = true;
            const PackageJson* here = top.package;
            for (const auto& [name, version] : here->dependencies) {
                const auto found = members_.find(name);
                if (found == members_.end() || found->second.package.name == package.name) continue;
                if (!seen_.insert(name).second) continue;
                open.push_back({&found->second.package, &found->second, false});
            }
        }
        return std::move(order_);
    }

private:
    const std::map<std::string, Member>& members_;
    std::set<std::string> seen_{};
    std::vector<std::string> order_{};
};

}  // namespace

bool fits_workspace(std::string_view pattern, std::string_view path) {
    const std::vector<std::string_view> wanted = segments_of(pattern);
    const std::vector<std::string_view> there = segments_of(path);
    // As with any wildcard: a mismatch goes back to the last `**`, which then takes one more.
    std::size_t at = 0;
    std::size_t in = 0;
    std::optional<std::pair<std::size_t, std::size_t>> last;
    while (at < there.size()) {
        if (in < wanted.size() && wanted[in] == "**") {
            last = {in++, at};
        } else if (in < wanted.size() && fits_segment(wanted[in], there[at])) {
            ++in;
            ++at;
        } else if (last) {
            in = last->first + 1;
            at = ++last->second;
        } else {
            return false;
        }
    }
    while (in < wanted.size() && wanted[in] == "**")
        ++in;
    return in == wanted.size();
}

std::vector<std::string> pnpm_workspaces(std::string_view yaml) {
    std::vector<std::string> patterns;
    bool inside = false;
    while (!yaml.empty()) {
        const std::size_t end = std::min(yaml.find('\n'), yaml.size());
        std::string_view line = yaml.substr(0, end);
        yaml.remove_prefix(std::min(end + 1, yaml.size()));
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin == line.npos || line[begin] == '#') continue;
        const bool is_item = line[begin] == '-';
        if (!is_item) {
            inside = begin == 0 && line.starts_with("packages:");
            continue;
        }
        if (!inside) continue;
        line.remove_prefix(begin + 1);
        const std::size_t from = line.find_first_not_of(" \t'\"");
        if (from == line.npos) continue;
        line.remove_prefix(from);
        patterns.emplace_back(line.substr(0, line.find_first_of(" \t\r'\"#")));
    }
    return patterns;
}

std::optional<Workspace> workspace_of(const Survey& survey, const PackageJson* package) {
    if (survey.root.empty()) return std::nullopt;
    for (std::string_view at = survey.root; !at.empty();) {
        at = parent_of(at);
        const std::string directory(at);
        std::optional<PackageJson> own = package_in(survey, directory);
        const Listing listing = listing_of(survey, directory, own);
        const std::string_view member = relative(survey.root, directory);
        const bool listed = lists(listing.patterns, member);
        // Nx finds its projects by this file, wherever it lies.
        const bool of_nx = survey.has("project.json") && survey.has_in(directory, "nx.json");
        if (!listed && !of_nx) continue;
        Workspace found{.directory = directory,
                        .reason = listed ? fmt::format("{} is listed in {}", member, listing.source)
                                         : std::string("there are an nx.json and a project.json"),
                        .runner = runner_of(survey, directory, own),
                        .package = std::move(own)};
        if (package != nullptr) {
            const auto members = members_of(survey, directory, listing.patterns);
            found.needed = Needs(members).of(*package);
            for (const auto& [name, other] : members) {
                const std::string& path = other.directory;
                const bool needed = std::ranges::find(found.needed, path) != found.needed.end();
                if (path != survey.root && !needed) found.others.push_back(path);
            }
        }
        return found;
    }
    return std::nullopt;
}

}  // namespace berth::plans

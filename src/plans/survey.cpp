#include "plans/survey.hpp"

#include <algorithm>

namespace berth::plans {
namespace {

constexpr std::size_t candidates_max = 50;

}  // namespace

std::string below(std::string_view directory, std::string_view name) {
    if (name.empty()) return std::string(directory);
    return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? path : path.substr(slash + 1);
}

const std::string* Survey::file_in(std::string_view directory, std::string_view name) const {
    const auto found = files.find(below(directory, name));
    return found == files.end() ? nullptr : &found->second;
}

const std::string* Survey::file(std::string_view name) const {
    return file_in(root, name);
}

const std::string* Survey::file_upwards(std::string_view name) const {
    for (std::string_view directory = root;; directory = parent_of(directory)) {
        if (const std::string* found = file_in(directory, name)) return found;
        if (directory.empty()) return nullptr;
    }
}

bool Survey::has_in(std::string_view directory, std::string_view name) const {
    const std::string path = below(directory, name);
    return names.contains(path) || files.contains(path);
}

bool Survey::has(std::string_view name) const {
    return has_in(root, name);
}

bool Survey::has_upwards(std::string_view name) const {
    for (std::string_view directory = root;; directory = parent_of(directory)) {
        if (has_in(directory, name)) return true;
        if (directory.empty()) return false;
    }
}

std::vector<std::string> root_candidates(const Survey& survey) {
    std::vector<std::string> found;
    const bool of_nx = survey.has_in("", "nx.json");
    for (const auto& [path, kind] : survey.names) {
        const std::string_view directory = parent_of(path);
        const std::string_view name = name_of(path);
        const bool project = of_nx && name == "project.json";
        if (kind != 'f' || (name != "package.json" && name != "index.html" && !project)) continue;
        if (std::find(found.begin(), found.end(), directory) == found.end()) {
            found.emplace_back(directory);
        }
    }
    const auto depth = [](const std::string& path) {
        return path.empty() ? 0 : 1 + std::count(path.begin(), path.end(), '/');
    };
    std::sort(found.begin(), found.end(), [&](const std::string& a, const std::string& b) {
        return depth(a) != depth(b) ? depth(a) < depth(b) : a < b;
    });
    if (found.size() > candidates_max) found.resize(candidates_max);
    return found;
}

Result<std::string> normal_root(std::string_view root) {
    const auto bad = [](std::string_view why) {
        return fail_as(Failure::invalid, "invalid_root", "/root", "root: {}", why);
    };
    if (root.size() > 500) return bad("is longer than 500 bytes");
    if (root.starts_with('/')) return bad("starts at '/'; name a directory of the repository");
    std::string result;
    std::string_view rest = root;
    while (!rest.empty()) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
        if (segment.empty() || segment == ".") continue;
        if (segment == "..") return bad("has '..' in it");
        for (const char c : segment) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                return bad("has a control character");
            }
        }
        result = below(result, segment);
    }
    return result;
}

}  // namespace berth::plans

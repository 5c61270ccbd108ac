#include "plans/scope.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "plans/workspace.hpp"

namespace berth::plans {
namespace {

/// The clone lists no more; with as many, some may be missing.
constexpr std::size_t trees_max = 20'000;

bool is_inside(std::string_view path, std::string_view directory) {
    return path == directory ||
           (path.starts_with(directory) && path.substr(directory.size()).starts_with('/'));
}

/// A directory whose entries are listed too says nothing more than they.
bool has_entries(const Survey& survey, const std::string& path) {
    const auto next = survey.trees.lower_bound(path + "/");
    return next != survey.trees.end() && next->first.starts_with(path + "/");
}

bool matters(const Scope& scope, std::string_view path) {
    const auto covered = [&](const std::string& pattern) { return covers(pattern, path); };
    if (!scope.only.empty() && std::ranges::none_of(scope.only, covered)) return false;
    return std::ranges::none_of(scope.but,
                                [&](const std::string& other) { return is_inside(path, other); });
}

}  // namespace

bool covers(std::string_view pattern, std::string_view path) {
    for (std::string_view at = path; !at.empty(); at = parent_of(at)) {
        if (fits_workspace(pattern, at)) return true;
    }
    // What the pattern names lies deeper than the path.
    const std::string_view plain = pattern.substr(0, pattern.find('*'));
    return is_inside(plain, path);
}

std::string words_of(const Scope& scope) {
    if (!scope.only.empty()) return fmt::format("{}", fmt::join(scope.only, ", "));
    if (scope.but.empty()) return "";
    return fmt::format("all but {}", fmt::join(scope.but, ", "));
}

std::string hash_of(const Survey& survey, const Scope& scope) {
    if (scope.is_all() || survey.trees.empty() || survey.trees.size() >= trees_max) return "";
    Sha256 hash;
    hash.add("berth-scope-1");
    for (const auto& [path, tree] : survey.trees) {
        if (has_entries(survey, path) || !matters(scope, path)) continue;
        hash.add(fmt::format("{}:{}{}:{}", path.size(), path, tree.size(), tree));
    }
    return hash.hex();
}

}  // namespace berth::plans

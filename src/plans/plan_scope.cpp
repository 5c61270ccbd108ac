#include "plans/plan_scope.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace berth::plans {
namespace {

std::vector<std::string> words_of(std::string_view command) {
    std::vector<std::string> words;
    std::istringstream text{std::string(command)};
    for (std::string word; text >> word;) {
        const bool quoted =
            word.size() > 1 && (word[0] == '"' || word[0] == '\'') && word.back() == word[0];
        words.push_back(quoted ? word.substr(1, word.size() - 2) : word);
    }
    return words;
}

/// The commit before, or this one, as people write them for Vercel and Netlify.
bool is_revision(std::string_view word) {
    static constexpr std::string_view known[] = {"HEAD",
                                                 "HEAD^",
                                                 "HEAD~1",
                                                 "HEAD~",
                                                 "$CACHED_COMMIT_REF",
                                                 "$COMMIT_REF",
                                                 "$VERCEL_GIT_PREVIOUS_SHA",
                                                 "$VERCEL_GIT_COMMIT_SHA"};
    return std::ranges::find(known, word) != std::end(known);
}

/// "turbo-ignore", "npx turbo-ignore web", "npx nx-ignore web".
bool asks_task_runner(std::string_view command) {
    const std::vector<std::string> words = words_of(command);
    return std::ranges::any_of(words, [](const std::string& word) {
        return word == "turbo-ignore" || word == "nx-ignore" || word.starts_with("turbo-ignore@");
    });
}

std::optional<Scope> scope_of_workspace(const std::optional<Workspace>& workspace) {
    if (!workspace || workspace->others.empty()) return std::nullopt;
    return Scope{.but = workspace->others,
                 .reason = fmt::format("{}; {} other packages are not needed", workspace->reason,
                                       workspace->others.size())};
}

}  // namespace

std::optional<std::vector<std::string>> compared_paths(std::string_view command,
                                                       std::string_view root) {
    const std::vector<std::string> words = words_of(command);
    if (words.size() < 3 || words[0] != "git" || words[1] != "diff") return std::nullopt;
    bool quiet = false;
    std::size_t at = 2;
    for (; at < words.size(); ++at) {
        if (words[at] == "--quiet" || words[at] == "--exit-code") {
            quiet = true;
        } else if (!is_revision(words[at])) {
            break;
        }
    }
    if (at < words.size() && words[at] == "--") ++at;
    std::vector<std::string> paths;
    for (; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (word.find_first_of("$:;&|<>()`*") != word.npos || word.starts_with('-'))
            return std::nullopt;
        std::string path = (std::filesystem::path(root) / word).lexically_normal().generic_string();
        while (path.ends_with('/'))
            path.pop_back();
        if (path.starts_with("..") || path.starts_with('/')) return std::nullopt;
        paths.push_back(path.empty() || path == "." ? "**" : path);
    }
    if (!quiet) return std::nullopt;
    if (paths.empty()) paths.emplace_back("**");
    return paths;
}

void plan_scope(const Survey& survey, const Chosen& chosen,
                const std::optional<Workspace>& workspace, BuildPlan& plan) {
    const rules::BuildSettings& files = chosen.files;
    plan.shown.ignore_command = chosen.ignore_command;
    if (!files.watch.empty()) {
        plan.scope = {.only = files.watch, .reason = files.watch_from};
    } else if (chosen.ignore_command && !chosen.ignore_command->value.empty()) {
        const std::string& command = chosen.ignore_command->value;
        const auto paths = compared_paths(command, survey.root);
        const auto packages =
            asks_task_runner(command) ? scope_of_workspace(workspace) : std::nullopt;
        if (paths) {
            plan.scope = {.only = *paths, .reason = chosen.ignore_command->reason};
        } else if (packages) {
            plan.scope = *packages;
        } else if (!asks_task_runner(command)) {
            plan.ignore_command = command;
        }
    } else if (const auto packages = scope_of_workspace(workspace)) {
        plan.scope = *packages;
    }
}

}  // namespace berth::plans

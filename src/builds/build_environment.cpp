#include "builds/build_environment.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace berth::builds {
namespace {

/// "https://shop.example:8443/a" → "shop.example:8443".
std::string host_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme != url.npos) url.remove_prefix(scheme + 3);
    return std::string(url.substr(0, url.find('/')));
}

/// "https://registry.example/npm/" → "//registry.example/npm/".
std::string place_of(std::string_view registry_url) {
    const std::size_t scheme = registry_url.find("//");
    if (scheme == registry_url.npos) return "";
    std::string place(registry_url.substr(scheme));
    const bool plain = place.find_first_of("'\"$`\\ \t\r\n@") == place.npos;
    return !plain ? "" : place.ends_with('/') ? place : place + "/";
}

}  // namespace

std::map<std::string, std::string> deployment_variables(const jobs::Job& job,
                                                        const jobs::CommitFacts& commit) {
    const bool production = job.environment == "production";
    const std::string url = job.url.value_or("");
    const std::string production_url = job.production_url.value_or("");
    const std::string environment = production ? "production" : "preview";
    std::map<std::string, std::string> variables{
        {"CI", "1"},
        {"BERTH", "1"},
        {"BERTH_ENVIRONMENT", environment},
        {"BERTH_DEPLOYMENT", job.id},
        {"BERTH_PROJECT", job.project},
        {"BERTH_PROJECT_NAME", job.project_name.value_or("")},
        {"BERTH_URL", url},
        {"BERTH_PRODUCTION_URL", production_url},
        {"BERTH_COMMIT", commit.commit},
        {"BERTH_BRANCH", commit.branch},
        {"BERTH_COMMIT_MESSAGE", commit.message},
        {"BERTH_COMMIT_AUTHOR", commit.author},
        // Vercel: hosts without a scheme
        {"VERCEL_ENV", environment},
        {"VERCEL_TARGET_ENV", environment},
        {"VERCEL_URL", host_of(url)},
        {"VERCEL_PROJECT_PRODUCTION_URL", host_of(production_url)},
        {"VERCEL_GIT_COMMIT_SHA", commit.commit},
        {"VERCEL_GIT_COMMIT_REF", commit.branch},
        {"VERCEL_GIT_COMMIT_MESSAGE", commit.message},
        {"VERCEL_GIT_COMMIT_AUTHOR_NAME", commit.author},
        // Netlify
        {"CONTEXT", production ? "production" : "branch-deploy"},
        {"URL", production_url.empty() ? url : production_url},
        {"DEPLOY_URL", url},
        {"DEPLOY_PRIME_URL", production && !production_url.empty() ? production_url : url},
        {"COMMIT_REF", commit.commit},
        {"BRANCH", commit.branch},
        {"HEAD", commit.branch},
        {"REPOSITORY_URL", job.source.repo_url},
        // Cloudflare Pages
        {"CF_PAGES_URL", url},
        {"CF_PAGES_BRANCH", commit.branch},
        {"CF_PAGES_COMMIT_SHA", commit.commit}};
    std::erase_if(variables, [](const auto& variable) { return variable.second.empty(); });
    return variables;
}

std::string with_npmrc(std::string command, const std::map<std::string, std::string>& environment,
                       const std::string& registry_url) {
    const auto filled = [&](const char* name) {
        const auto found = environment.find(name);
        return found != environment.end() && !found->second.empty();
    };
    if (filled("NPM_RC")) {
        return R"((umask 077 && printf '%s\n' "$NPM_RC" >"$HOME/.npmrc") && )" + command;
    }
    if (!filled("NPM_TOKEN")) return command;
    // Both are words of the script; the token itself is in the environment alone.
    std::string lines = R"(printf '//registry.npmjs.org/:_authToken=%s\n' "$NPM_TOKEN")";
    const std::string place = place_of(registry_url);
    if (!place.empty() && place != "//registry.npmjs.org/")
        lines += fmt::format(R"( && printf '{}:_authToken=%s\n' "$NPM_TOKEN")", place);
    return fmt::format(R"((umask 077 && {{ {}; }} >"$HOME/.npmrc") && )", lines) + command;
}

std::vector<std::string> npmrc_secrets(std::string_view npmrc) {
    std::vector<std::string> secrets;
    while (!npmrc.empty()) {
        const std::size_t end = std::min(npmrc.find('\n'), npmrc.size());
        const std::string_view line = npmrc.substr(0, end);
        npmrc.remove_prefix(std::min(end + 1, npmrc.size()));
        for (const std::string_view key : {"_authToken", "_password", "_auth"}) {
            const std::size_t at = line.find(key);
            if (at == line.npos) continue;
            std::string_view value = line.substr(at + key.size());
            const std::size_t equals = value.find_first_not_of(" \t");
            if (equals == value.npos || value[equals] != '=') continue;
            value.remove_prefix(equals + 1);
            const std::size_t begin = value.find_first_not_of(" \t\"");
            if (begin == value.npos) continue;
            value.remove_prefix(begin);
            secrets.emplace_back(value.substr(0, value.find_last_not_of(" \t\r\"") + 1));
            break;
        }
    }
    return secrets;
}

}  // namespace berth::builds

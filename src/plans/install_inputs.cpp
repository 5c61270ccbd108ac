#include "plans/install_inputs.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace berth::plans {

bool has_install_scripts(const PackageJson& package) {
    for (const char* name : {"preinstall", "install", "postinstall", "preprepare", "prepare",
                             "postprepare", "prepublish"}) {
        if (package.script(name) != nullptr) return true;
    }
    return false;
}

std::vector<std::string> scripts_after_install(const PackageJson& package) {
    for (const char* name : {"preinstall", "install", "prepostinstall", "postpostinstall",
                             "prepublish", "preprepare", "postprepare"}) {
        if (package.script(name) != nullptr) return {};
    }
    std::vector<std::string> scripts;
    for (const char* name : {"postinstall", "prepare"}) {
        if (package.script(name) != nullptr) scripts.emplace_back(name);
    }
    return scripts;
}

bool has_local_packages(const PackageJson& package) {
    const auto is_local = [](const auto& dependency) {
        for (const char* prefix : {"file:", "link:", "portal:", "./", "../"}) {
            if (dependency.second.starts_with(prefix)) return true;
        }
        return false;
    };
    return std::any_of(package.dependencies.begin(), package.dependencies.end(), is_local);
}

bool is_plain_install(const std::string& command) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.:/@ ";
    if (command.find_first_not_of(plain) != command.npos) return false;
    std::vector<std::string> words;
    std::istringstream text(command);
    for (std::string word; text >> word;)
        words.push_back(std::move(word));
    if (words.empty()) return true;
    constexpr std::array managers = {"npm", "pnpm", "yarn", "bun"};
    constexpr std::array installs = {"install", "i", "ci", "clean-install"};
    const auto is_option = [](const std::string& word) { return word.starts_with('-'); };
    if (std::find(managers.begin(), managers.end(), words[0]) == managers.end()) return false;
    auto rest = words.begin() + 1;
    if (rest != words.end() &&
        std::find(installs.begin(), installs.end(), *rest) != installs.end()) {
        ++rest;
    }
    return std::all_of(rest, words.end(), is_option);
}

bool may_ignore_scripts(const std::string* npmrc) {
    return npmrc != nullptr && npmrc->find("ignore-scripts") != npmrc->npos;
}

bool names_registry(const std::string* npmrc) {
    if (npmrc == nullptr) return false;
    for (std::size_t begin = 0; begin < npmrc->size();) {
        const std::size_t end = std::min(npmrc->find('\n', begin), npmrc->size());
        if (std::string_view(*npmrc).substr(begin, end - begin).starts_with("registry"))
            return true;
        begin = end + 1;
    }
    return false;
}

}  // namespace berth::plans

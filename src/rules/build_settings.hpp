#pragma once
/// What a repository's own files say about building it: `berth.toml`, `vercel.json`,
/// `netlify.toml`. The project's settings are stronger, detection is weaker.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/rule_set.hpp"

namespace berth::rules {

struct BuildSetting {
    std::string value{};
    std::string where{};  // "netlify.toml: build.command"
};

struct BuildSettings {
    std::optional<BuildSetting> install_command{};
    std::optional<BuildSetting> build_command{};
    std::optional<BuildSetting> output_dir{};
    std::optional<BuildSetting> node{};
    std::optional<BuildSetting> base{};  // the root directory that is meant
    std::map<std::string, std::string> environment{};
    std::string environment_from{};    // its file
    std::vector<std::string> notes{};  // what is wrong, for the log
};

/// What is built: Netlify's contexts ask for it.
struct BuildContext {
    bool production = true;
    std::string branch{};
};

/// `files`: name → content, of the root directory or above. The first of the three that is there
/// counts, as with rules.
BuildSettings read_build_settings(const std::map<std::string, std::string>& files,
                                  const BuildContext& context);

}  // namespace berth::rules

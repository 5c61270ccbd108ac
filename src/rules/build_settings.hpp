#pragma once
/// What a repository's own files say about building it: `berth.toml` and the files of other
/// platforms. The project's settings are stronger, detection is weaker.

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
    std::optional<BuildSetting> base{};       // the root directory that is meant
    std::optional<BuildSetting> framework{};  // in the file's own word
    std::optional<BuildSetting> dev_command{};
    std::optional<BuildSetting> start_command{};
    std::optional<BuildSetting> ignore_command{};  // success: nothing to build
    std::vector<std::string> watch{};  // from the top; a change elsewhere builds nothing
    std::string watch_from{};          // "berth.toml: build.watch"
    std::map<std::string, std::string> environment{};
    std::string environment_from{};    // its file
    std::vector<std::string> notes{};  // what is wrong, for the log
};

/// What is built: Netlify's contexts ask for it.
struct BuildContext {
    bool production = true;
    std::string branch{};
};

/// Names in the root directory of the source, or above it, that say settings.
const std::vector<std::string>& build_setting_files();

/// `files`: name → content, of the root directory or above. The first that is there counts, as with
/// rules: berth.toml, vercel.json, netlify.toml, wrangler.*, railpack.json, nixpacks.toml. A
/// Procfile and an app.json add their start command and variables to any of them.
BuildSettings read_build_settings(const std::map<std::string, std::string>& files,
                                  const BuildContext& context);

}  // namespace berth::rules

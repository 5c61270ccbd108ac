#pragma once
/// Puts values of one file into BuildSettings, checked: for build_settings*.cpp alone.

#include <set>

#include "base/json.hpp"
#include "base/toml.hpp"
#include "rules/build_settings.hpp"

namespace berth::rules {

class SettingsReader {
public:
    SettingsReader(std::string file, BuildSettings& settings)
        : file_(std::move(file)), settings_(settings) {}

    /// `key` as the file's reader knows it: "build.command". No value changes nothing.
    void set(std::optional<BuildSetting>& into, const std::string& key,
             const std::optional<std::string>& value);
    /// A variable of the build.
    void set_variable(const std::string& name, const std::string& value);
    void note(std::string_view what);

    BuildSettings& settings() { return settings_; }

private:
    std::string file_;
    BuildSettings& settings_;
};

/// `[build]` of berth.toml. `asked`, where there is one, gets the names of the keys that were
/// looked for: "build.node".
void read_berth_build(const toml::table& table, BuildSettings& settings,
                      std::set<std::string>* asked = nullptr);

/// Of platforms that are not ours, Vercel's or Netlify's. `name` is one of wrangler's three.
void read_wrangler_build(const std::string& text, const std::string& name, BuildSettings& settings);
void read_railpack(const std::string& text, BuildSettings& settings);
void read_nixpacks(const std::string& text, BuildSettings& settings);
void read_procfile(const std::string& text, BuildSettings& settings);
void read_app_json(const std::string& text, BuildSettings& settings);

}  // namespace berth::rules

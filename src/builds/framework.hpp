#pragma once
/// Which framework a tree is made with, found from its files alone.

#include <optional>
#include <string>

#include "builds/package_json.hpp"
#include "builds/survey.hpp"

namespace berth::builds {

struct Framework {
    std::string name{};    // vite, create_react_app, static, other, express …
    std::string title{};   // as people write it
    std::string reason{};  // why it was found
    /// The build's usual output directory; "" when the framework has none ("other").
    std::string output_dir{};
    std::string output_reason{};
    /// What builds when package.json has no `build` script; "" is nothing.
    std::string build_tool{};
    bool spa = false;
    /// Set when it needs a server, which Berth does not run yet: what to say.
    std::string not_yet{};
};

/// `package` is null when the root directory has no package.json.
Framework detect_framework(const Survey& survey, const PackageJson* package);

/// By the name that a project was set to. Nothing when there is no such framework.
std::optional<Framework> framework_named(std::string_view name, const Survey& survey);

}  // namespace berth::builds

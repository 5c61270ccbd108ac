#pragma once
/// Which framework a tree is made with, found from its files alone.

#include <optional>
#include <string>

#include "plans/frameworks.hpp"
#include "plans/package_json.hpp"
#include "plans/survey.hpp"

namespace berth::plans {

struct Framework {
    std::string name{};    // vite, create_react_app, static, other, express …
    std::string title{};   // as people write it
    std::string reason{};  // why it was found
    /// Where the build puts the site, below the root directory; "" when nobody knows ("other").
    std::string output_dir{};
    std::string output_reason{};
    std::string root{};  // the root directory, below the top
    /// Of the table, null for "static", "other" and "node".
    const FrameworkRow* row = nullptr;
    /// The script of package.json that makes static files; "" is `build`.
    std::string script{};
    bool spa = false;
    /// Set when Berth cannot make a site of it: what to say, and what to do about it.
    std::string not_yet{};
    std::string next_step{};
    std::string note{};  // for the log, "" is none
};

/// `package` is null when the root directory has no package.json.
Framework detect_framework(const Survey& survey, const PackageJson* package);

/// By the name that a project was set to. Nothing when there is no such framework.
std::optional<Framework> framework_named(std::string_view name, const Survey& survey,
                                         const PackageJson* package);

}  // namespace berth::plans

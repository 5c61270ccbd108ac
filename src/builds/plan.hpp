#pragma once
/// What a build will do, decided before it starts from the tree and the project's settings. Every
/// value has the reason why it was chosen.

#include <string>
#include <vector>

#include "builds/framework.hpp"
#include "builds/outcome.hpp"
#include "builds/package_manager.hpp"
#include "builds/survey.hpp"
#include "rules/build_settings.hpp"

namespace berth::builds {

struct BuildPlan {
    jobs::Plan shown{};
    PackageManager manager{};  // kind none: no Node is needed
    std::string node_range{};
    std::string install_command{};  // "" runs none
    std::string build_command{};    // "" runs none
    /// Below the root directory; "." is all of it. When `output_dir` is "": the first of
    /// `output_guesses` that exists after the build.
    std::string output_dir{};
    std::vector<std::string> output_guesses{};
    bool is_source_tree = false;        // nothing is built: the repository itself is the site
    bool install_reads_source = false;  // scripts, local packages or a command of its own
    bool has_own_registry = false;      // .npmrc names one
    std::vector<std::string> notes{};   // for the log
    /// Of the repository's own files; the project's variables are stronger.
    std::map<std::string, std::string> environment{};

    bool needs_node() const { return !install_command.empty() || !build_command.empty(); }
};

/// Of each value: the project's settings, else the repository's `berth.toml`, `vercel.json` or
/// `netlify.toml`, else what is detected.
/// Errors: plan_failed — what is wrong and what to do, for the person whose repository it is.
Outcome<BuildPlan> make_plan(const Survey& survey, const jobs::Settings& settings,
                             const rules::BuildContext& context = {});

/// An output directory as a project sets it, normalised: "./dist/" → "dist", "" and "/" → ".".
/// Nothing when it leaves the root directory.
std::optional<std::string> normal_output_dir(std::string_view text);

}  // namespace berth::builds

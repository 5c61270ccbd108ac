#pragma once
/// What a build will do, decided before it starts from the tree and the project's settings. Every
/// value has the reason why it was chosen.

#include <map>
#include <string>
#include <vector>

#include "plans/framework.hpp"
#include "plans/package_manager.hpp"
#include "plans/refusal.hpp"
#include "plans/scope.hpp"
#include "plans/survey.hpp"
#include "rules/build_settings.hpp"

namespace berth::plans {

struct BuildPlan {
    jobs::Plan shown{};
    PackageManager manager{};  // kind none: no Node is needed
    std::string node_range{};
    std::string install_command{};    // "" runs none
    std::string install_directory{};  // below the top; "" is the top
    std::string build_command{};      // "" runs none
    std::string build_directory{};
    /// Below the root directory, or beside it in the tree ("../../dist/web"); "." is all of it.
    /// When `output_dir` is "": the first of `output_guesses` that exists after the build.
    std::string output_dir{};
    std::vector<std::string> output_guesses{};
    /// Scripts of package.json that are left out of the install and run after it, also after one
    /// that was kept: they may read any file, the rest of the install reads what its snapshot's key
    /// holds.
    std::vector<std::string> own_scripts{};
    bool is_source_tree = false;        // nothing is built: the repository itself is the site
    bool install_reads_source = false;  // scripts, local packages or a command of its own
    bool has_own_registry = false;      // .npmrc names one
    std::vector<std::string> notes{};   // for the log
    Scope scope{};                      // what a deployment is made of
    std::string ignore_command{};       // to be run before anything is installed; "" is none
    /// Of the repository's own files; the project's variables are stronger.
    std::map<std::string, std::string> environment{};
    std::string environment_from{};  // "netlify.toml"

    bool needs_node() const { return !install_command.empty() || !build_command.empty(); }
};

/// Of each value: the project's settings, else what a file of the repository says (berth.toml,
/// vercel.json, netlify.toml and others: rules/build_settings.hpp), else what is detected.
/// Errors: what is wrong and what to do, for the person whose repository it is.
Planning<BuildPlan> make_plan(const Survey& survey, const jobs::Settings& settings,
                              const rules::BuildContext& context = {});

/// An output directory as a project sets it, normalised: "./dist/" → "dist", "" and "/" → ".".
/// `root` is the root directory, which it may leave as long as it stays in the tree.
/// Nothing when it leaves that.
std::optional<std::string> normal_output_dir(std::string_view text, std::string_view root);

}  // namespace berth::plans

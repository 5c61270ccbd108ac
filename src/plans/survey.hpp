#pragma once
/// What Berth knows about a source tree: a list of names and the few files that plans are made
/// from. A worker reads it from the tar stream of its sandbox (builds/survey_tar.hpp), `berth
/// detect` from a directory (plans/directory_survey.hpp); plans cannot tell the two apart.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "jobs/job.hpp"

namespace berth::plans {

struct Survey {
    jobs::CommitFacts commit{};
    std::string tree{};          // hash of the commit's tree; "" when not known
    std::string known_hosts{};   // after the clone over ssh
    std::string install_hash{};  // over every file that an install reads
    bool root_exists = true;
    std::string root{};                          // below the top, "" is the top
    std::map<std::string, std::string> files{};  // path below the top → content
    std::map<std::string, char> names{};         // path below the top → f, d, l; up to 3 deep
    std::map<std::string, std::string> trees{};  // path below the top → git's hash; up to 3 deep
    std::vector<std::string> branches{};
    std::string default_branch{};

    /// The content of a file in the root directory, or null.
    const std::string* file(std::string_view name) const;
    /// The same in any directory below the top.
    const std::string* file_in(std::string_view directory, std::string_view name) const;
    /// The same, looked for in the root directory and then upwards to the top.
    const std::string* file_upwards(std::string_view name) const;
    /// Whether the root directory has that file (or directory).
    bool has(std::string_view name) const;
    bool has_in(std::string_view directory, std::string_view name) const;
    bool has_upwards(std::string_view name) const;
};

/// "apps", "web" → "apps/web"; "" is the top, or the directory itself.
std::string below(std::string_view directory, std::string_view name);

/// "apps/web" → "apps" → "" → "".
std::string_view parent_of(std::string_view path);

/// "apps/web" → "web".
std::string_view name_of(std::string_view path);

/// Directories with something to deploy, nearest first: they have a package.json or an index.html.
std::vector<std::string> root_candidates(const Survey& survey);

/// A root directory of a project: "" or plain segments. "./apps/web/" → "apps/web".
/// Errors: invalid — absolute, `..`, control characters.
Result<std::string> normal_root(std::string_view root);

}  // namespace berth::plans

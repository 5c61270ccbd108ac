#pragma once
/// Which project a directory is deployed to; it may be made for it.

#include <string>

#include "cli/context.hpp"
#include "cli/project_choice.hpp"

namespace berth::cli {

struct DirectoryProject {
    Project project{};
    bool is_new = false;
};

/// The project of `-p`, else that whose repository is the directory's Git remote, else that of the
/// directory's name. One that is not there is made, without a repository, once the person agrees
/// (or `-y`).
///
/// Errors: not_found — no_project: declined; usage — nobody may be asked; as of the server.
Outcome<DirectoryProject> project_of_directory(Context& context, Session& session,
                                               const std::string& directory);

}  // namespace berth::cli

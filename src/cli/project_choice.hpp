#pragma once
/// Which project a command is about.

#include "cli/context.hpp"

namespace berth::cli {

struct Project {
    std::string name{};
    json::value body{};
    std::string etag{};
};

/// -p, else BERTH_PROJECT, else the one built from the Git remote of this directory, else the only
/// one there is.
///
/// Errors: not_found — no such project, none at all, or several (then they are listed).
Outcome<Project> choose_project(Context& context, Session& session);

/// The project of that name or id.
Outcome<Project> find_project(Session& session, const std::string& name);

/// The newest deployment of a project. Errors: not_found — there is none.
Outcome<json::value> newest_deployment(Session& session, const std::string& project);

/// `given`, or the id of the newest deployment of the chosen project.
Outcome<std::string> choose_deployment(Context& context, Session& session,
                                       const std::string& given);

}  // namespace berth::cli

#pragma once
/// The parts of `berth git`.

#include <string>

#include "cli/context.hpp"

namespace CLI {
class App;
}

namespace berth::cli {

struct Parsed;

/// A team's connections to Git hosts: add, list, renew, rm, repos.
void add_git_connections(CLI::App& noun, Parsed& parsed);

/// One project's repository at a Git host, and its pull requests.
void add_git_links(CLI::App& noun, Parsed& parsed);

/// approve: builds a stranger's pull request.
void add_request_approval(CLI::App& noun, Parsed& parsed);

/// Berth as a Git remote: remote, credential.
void add_git_remote(CLI::App& noun, Parsed& parsed);

/// The connection that was given, else the team's only one.
/// Errors: not_found — no_connection, ambiguous_connection with the candidates.
Outcome<std::string> choose_connection(Session& session, const std::string& team,
                                       const std::string& given);

}  // namespace berth::cli

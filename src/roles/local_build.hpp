#pragma once
/// `berth build`: the sandbox of a worker for one build of a directory, without a server.
///
///   berth build          root: looks after the others, and puts away what they leave
///   ├─ launcher          root: makes sandboxes
///   ├─ local-build       the worker's user: the agent (local/agent.hpp)
///   └─ the client        the directory's owner: reads it, shows the log, writes the output

#include "cli/local_build.hpp"

namespace berth::roles {

/// As cli::BuildLocally: returns in the client. Two at once with the same data directory take
/// turns.
cli::Outcome<cli::LocalBuildEnd> build_locally(const cli::LocalBuild& wanted,
                                               const cli::LocalBuildWatcher& watcher);

}  // namespace berth::roles

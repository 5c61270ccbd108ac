#pragma once
/// The source of a job: cloned in a sandbox that reaches nothing but the repository's host, or
/// unpacked from a kept snapshot. Either way the tree ends in the volume's `tree/`, without `.git`.

#include <string>

#include "builds/outcome.hpp"
#include "builds/step_run.hpp"
#include "engines/engine.hpp"
#include "plans/survey.hpp"

namespace berth::builds {

struct SourceOrder {
    std::string sandbox{};
    std::string tenant{};
    std::string volume{};  // made before; empty
    std::string mirror{};  // a kept volume with an earlier fetch of it, or ""
    jobs::Source source{};
    jobs::JobLimits limits{};
    bool list_branches = false;  // for the import page
    engines::Proxies proxies{};
};

/// Fetches one commit, checks it out, and looks at it. git's words go to the log.
Task<Outcome<plans::Survey>> clone_source(engines::Engine& engine, SourceOrder order,
                                          LogWriter& log, Stop& stop);

/// The same from a snapshot (`.tar.zst`), read from `file`.
Task<Outcome<plans::Survey>> unpack_source(engines::Engine& engine, SourceOrder order, Fd file,
                                           LogWriter& log, Stop& stop);

/// Writes the snapshot of a cloned source to `file`, at most limits.disk_bytes.
Task<Outcome<>> pack_source(engines::Engine& engine, SourceOrder order, int file, Stop& stop);

}  // namespace berth::builds

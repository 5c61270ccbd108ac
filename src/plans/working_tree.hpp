#pragma once
/// What of a directory is built or uploaded: what a clone of it would have, once everything were
/// pushed. Git itself says that; nothing in the directory's configuration gets to run a program.

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "jobs/job.hpp"

namespace berth::plans {

struct WorkingTree {
    std::string top{};
    std::set<std::string> files{};  // paths below it: regular files and links, "src/a.ts"
    std::size_t left_out = 0;       // of .berthignore and .vercelignore
    bool of_git = false;
    bool has_submodules = false;
    jobs::CommitFacts commit{};  // the one checked out; empty where there is none
};

/// Files that are tracked or would be by `git add --all`, less those of .berthignore and
/// .vercelignore; outside of Git all but what tools make (node_modules and their like) and what a
/// .gitignore names. What this command wrote (.berth) is never part, nor is what lies in `output`,
/// a path below `top` ("": none).
///
/// Errors: not_found — no git on this machine, or no file; forbidden — Git refuses the directory;
///         timed_out.
Result<WorkingTree> read_working_tree(const std::string& top, const std::string& output);

}  // namespace berth::plans

#pragma once
/// The bare repositories that people push to, one a project, in the api's data directory. Git is
/// always asked with an argument vector and an environment of ours: no configuration but what is
/// written here, no hooks, no filters, no transports.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::api {

/// Branch → commit.
using Branches = std::map<std::string, std::string>;

/// A commit, as a deployment shows it.
struct CommitWords {
    std::string message{};  // all of it
    std::string facts{};    // the lines that a build reads of a source beside its tree
};

class GitRepositories {
public:
    /// Packs the tar in a file, from its beginning, with the facts beside it into private/sources/
    /// and returns its SHA-256. Errors: invalid — not an archive.
    using Pack = std::function<Task<Result<std::string>>(int tar, std::string facts)>;

    /// `directory`: <project>.git lie in it. `archive_bytes_max`: of one commit's files.
    GitRepositories(std::string directory, std::uint64_t archive_bytes_max, Pack pack)
        : directory_(std::move(directory)),
          archive_bytes_max_(archive_bytes_max),
          pack_(std::move(pack)) {}

    const std::string& directory() const { return directory_; }
    std::string path_of(const std::string& project) const {
        return directory_ + "/" + project + ".git";
    }

    /// What git runs with, beside what a request adds.
    static std::vector<std::string> environment();

    /// Makes the repository unless it is there; `branch` is where its HEAD leads.
    /// Errors: unavailable — no_git.
    Task<Result<>> make(std::string project, std::string branch);

    /// Ids of the projects that have one.
    std::vector<std::string> projects() const;
    /// Takes it away, if there is one. Blocking.
    void remove(const std::string& project) const;

    /// Errors: unavailable.
    Task<Result<Branches>> branches(std::string project);
    /// Errors: not_found — no such commit.
    Task<Result<CommitWords>> commit(std::string project, std::string commit);
    /// The files of a commit as a source that builds take; its SHA-256.
    /// Errors: not_found; too_large — source_too_large.
    Task<Result<std::string>> pack(std::string project, std::string commit, std::string facts);

private:
    Task<Result<std::string>> git(std::string project, std::vector<std::string> words);

    std::string directory_;
    std::uint64_t archive_bytes_max_;
    Pack pack_;
};

}  // namespace berth::api

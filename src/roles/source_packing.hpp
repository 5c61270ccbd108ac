#pragma once
/// Uploaded trees, and commits that were pushed, as the archives that builds take: `tree/` and
/// `facts`, as .tar.zst in private/sources/. Composed of rooms that do not know each other: the
/// store, and the archives of builds.

#include <string>

#include "base/workers.hpp"
#include "deployments/upload_tree.hpp"
#include "objects/object_store.hpp"

namespace berth::roles {

class SourcePacking {
public:
    /// `scratch`: where the archive lies until it is stored. `objects` must outlive it.
    SourcePacking(objects::ObjectStore& objects, std::string scratch)
        : objects_(objects), scratch_(std::move(scratch)) {}

    /// Packs a checked tree whose bytes lie below the project's private/uploads/, and returns the
    /// SHA-256 of the archive. Links are packed as links, wherever they lead: only the sandbox
    /// follows them.
    ///
    /// Errors: not_found — bytes were swept meanwhile; invalid — bad_link.
    /// Throws: the disk or the store refused.
    Task<Result<std::string>> pack(std::string project, deployments::UploadTree tree);

    /// Packs what `git archive` wrote to a file, from its beginning; its paths begin with "tree/".
    /// Errors: invalid — not an archive, or another path. Throws: as `pack`.
    Task<Result<std::string>> repack(int archive, std::string facts);

private:
    /// Stores an archive, a file of ours from its beginning, and returns its SHA-256.
    Task<std::string> store(int file);

    objects::ObjectStore& objects_;
    std::string scratch_;
    Workers workers_{1};
};

}  // namespace berth::roles

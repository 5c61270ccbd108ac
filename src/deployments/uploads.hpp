#pragma once
/// Uploaded directories: which of their bytes are still to come, and which trees are whole. The
/// bytes lie by hash below private/uploads/<project>/: no project learns what another has.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "db/database.hpp"
#include "deployments/upload_tree.hpp"
#include "objects/object_store.hpp"

namespace berth::deployments {

/// "private/uploads/<project>/blobs/<ab>/<sha256>"
std::string upload_blob_key(const std::string& project, const std::string& sha256);
/// "private/uploads/<project>/trees/<id>.json"
std::string upload_tree_key(const std::string& project, const std::string& id);

/// A tree whose bytes are all there, packed as builds take a source.
struct Upload {
    std::string id{};  // upl_…
    std::string project{};
    std::string sha256{};  // of the packed source
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::string branch{};
    std::string actor{};
    std::int64_t created_at_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Upload, (), (id, project, sha256, files, bytes, branch, actor, created_at_ms))

/// Packs a checked tree of a project into private/sources/ and returns its SHA-256.
/// Errors: not_found — bytes are missing (again).
using PackUpload = std::function<Task<Result<std::string>>(std::string project, UploadTree tree)>;

struct UploadReply {
    std::optional<std::string> id{};     // none: bytes are missing
    std::vector<std::string> missing{};  // SHA-256, each once; at most missing_max at a time
};
BOOST_DESCRIBE_STRUCT(UploadReply, (), (id, missing))

class Uploads {
public:
    static constexpr std::size_t missing_max = 10'000;
    static constexpr std::size_t packing_at_once_max = 2;

    /// All must outlive it.
    Uploads(db::Database& database, objects::ObjectStore& objects, Clock clock, PackUpload pack)
        : database_(database),
          objects_(objects),
          clock_(std::move(clock)),
          pack_(std::move(pack)) {}

    /// Says what is missing of a checked tree; once nothing is, the tree is kept and gets its id.
    /// Errors: conflict — upload_incomplete; invalid — blob_size_mismatch; unavailable —
    /// uploads_busy, and that of the store.
    Task<Result<UploadReply>> offer(std::string project, std::string actor, UploadTree tree);

    /// Errors: not_found — upload_not_found: never was of this project, or is kept no longer.
    Task<Result<Upload>> find(std::string project, std::string id);

private:
    Task<Result<std::vector<std::string>>> missing_of(const std::string& project,
                                                      const UploadTree& tree);

    db::Database& database_;
    objects::ObjectStore& objects_;
    Clock clock_;
    PackUpload pack_;
    std::size_t packing_ = 0;
};

}  // namespace berth::deployments

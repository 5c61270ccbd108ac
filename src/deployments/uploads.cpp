#include "deployments/uploads.hpp"

#include <map>

#include "base/id.hpp"
#include "db/records.hpp"

namespace berth::deployments {
namespace {

/// One more that is being packed, for as long as it lives.
class Turn {
public:
    explicit Turn(std::size_t& count) : count_(count) { ++count_; }
    ~Turn() { --count_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    std::size_t& count_;
};

Error wrong_size(const UploadFile& file, std::uint64_t bytes) {
    return fail_as(Failure::invalid, "blob_size_mismatch", "/files",
                   "{}: what has this hash has {} bytes, not {}", file.path, bytes, file.bytes);
}

}  // namespace

std::string upload_blob_key(const std::string& project, const std::string& sha256) {
    return fmt::format("private/uploads/{}/blobs/{}/{}", project, sha256.substr(0, 2), sha256);
}

std::string upload_tree_key(const std::string& project, const std::string& id) {
    return fmt::format("private/uploads/{}/trees/{}.json", project, id);
}

Task<Result<std::vector<std::string>>> Uploads::missing_of(const std::string& project,
                                                           const UploadTree& tree) {
    std::map<std::string, const UploadFile*> blobs;
    for (const UploadFile& file : tree.files) {
        const UploadFile* first = blobs.emplace(file.sha256, &file).first->second;
        if (first->bytes != file.bytes) co_return wrong_size(file, first->bytes);
    }
    std::vector<std::string> keys;
    keys.reserve(blobs.size());
    for (const auto& [sha256, file] : blobs)
        keys.push_back(upload_blob_key(project, sha256));
    const auto there = co_await objects_.stat_all(std::move(keys));
    if (!there) co_return there.error();
    std::vector<std::string> missing;
    std::size_t index = 0;
    for (const auto& [sha256, file] : blobs) {
        const std::optional<objects::Entry>& blob = (*there)[index++];
        if (blob && blob->bytes != file->bytes) co_return wrong_size(*file, blob->bytes);
        if (!blob && missing.size() < missing_max) missing.push_back(sha256);
    }
    co_return missing;
}

Task<Result<UploadReply>> Uploads::offer(std::string project, std::string actor, UploadTree tree) {
    Result<std::vector<std::string>> missing = co_await missing_of(project, tree);
    if (!missing) co_return missing.error();
    if (!missing->empty()) co_return UploadReply{.missing = std::move(*missing)};
    if (packing_ >= packing_at_once_max) {
        co_return fail_as(Failure::unavailable, "uploads_busy", "",
                          "other uploads are being packed just now; send it again");
    }
    const Turn turn(packing_);
    Upload made{.id = new_id("upl"),
                .project = project,
                .files = static_cast<std::int64_t>(tree.files.size()),
                .bytes = static_cast<std::int64_t>(bytes_of(tree)),
                .branch = tree.branch,
                .actor = std::move(actor),
                .created_at_ms = clock_()};
    // First what the row speaks of, then the row.
    objects::Object list{upload_tree_key(project, made.id), json::text(tree)};
    co_await objects_.put(std::move(list));
    Result<std::string> sha256 = co_await pack_(project, std::move(tree));
    if (!sha256 && sha256.error().failure == Failure::not_found) {
        co_return fail_as(Failure::conflict, "upload_incomplete", "/files", "{}: send them again",
                          sha256.error().message);
    }
    if (!sha256) co_return sha256.error();
    made.sha256 = std::move(*sha256);
    const auto insert = [&](soci::session& sql) { db::insert(sql, "uploads", made); };
    co_await database_.write(insert);
    co_return UploadReply{.id = made.id};
}

Task<Result<Upload>> Uploads::find(std::string project, std::string id) {
    const auto look = [&](soci::session& sql) {
        return db::select_one<Upload>(sql, "from uploads where id = :id and project = :project", id,
                                      project);
    };
    std::optional<Upload> found = co_await database_.read(look);
    if (!found) {
        co_return fail_as(Failure::not_found, "upload_not_found", "/upload",
                          "there is no upload {} of this project (any more): upload it again", id);
    }
    co_return std::move(*found);
}

}  // namespace berth::deployments

#include "roles/garbage.hpp"

#include <set>

#include "artifacts/manifest.hpp"
#include "db/database.hpp"
#include "db/records.hpp"
#include "deployments/uploads.hpp"
#include "objects/object_store.hpp"

namespace berth::roles {
namespace {

constexpr std::int64_t grace_ms = 3600'000;
constexpr std::size_t page_max = 1000;
constexpr std::size_t manifest_bytes_max = 64 << 20;

struct Living {
    std::string id{};
    std::string project{};
    bool artifact = false;
    std::optional<std::string> source_sha256{};
    std::int64_t keep_sources = 0;
};
BOOST_DESCRIBE_STRUCT(Living, (), (id, project, artifact, source_sha256, keep_sources))

/// An upload, and how many of its project are newer.
struct KeptUpload {
    std::string id{};
    std::string project{};
    std::string sha256{};
    std::int64_t created_at_ms = 0;
    std::int64_t keep_sources = 0;
};
BOOST_DESCRIBE_STRUCT(KeptUpload, (), (id, project, sha256, created_at_ms, keep_sources))

/// What has to stay: deployments, blobs by hash, sources by hash, what uploads have by key.
struct Marked {
    std::set<std::string> deployments{};
    std::set<std::string> blobs{};
    std::set<std::string> sources{};
    std::set<std::string> uploaded{};
    std::vector<std::string> old_uploads{};  // by id: to be forgotten
};

std::string hash_of(const std::string& key) {
    const std::string name = key.substr(key.rfind('/') + 1);
    return name.substr(0, name.find('.'));
}

bool is_needed(const Marked& marked, const std::string& key) {
    if (key.starts_with("public/blobs/")) return marked.blobs.contains(hash_of(key));
    if (key.starts_with("public/manifests/")) return marked.deployments.contains(hash_of(key));
    if (key.starts_with("private/logs/")) return marked.deployments.contains(hash_of(key));
    if (key.starts_with("private/sources/")) return marked.sources.contains(hash_of(key));
    if (key.starts_with("private/uploads/")) return marked.uploaded.contains(key);
    return true;  // not ours to judge
}

/// The trees of each project's last uploads, so that the next one sends only what has changed, and
/// of those that may be deployed any moment.
Task<> mark_uploads(db::Database& database, objects::ObjectStore& objects, std::int64_t now_ms,
                    Marked& marked) {
    const auto find = [](soci::session& sql) {
        return db::select<KeptUpload>(
            sql,
            "from (select u.id as id, u.project as project, u.sha256 as sha256, "
            "u.created_at_ms as created_at_ms, case when p.deleted_at_ms is null then "
            "p.keep_sources else 0 end as keep_sources from uploads u join projects p on "
            "p.id = u.project) as kept order by id desc");
    };
    const std::vector<KeptUpload> uploads = co_await database.read(find);
    std::map<std::string, std::int64_t> kept;
    for (const KeptUpload& upload : uploads) {
        const bool young = upload.created_at_ms + grace_ms > now_ms;
        if (kept[upload.project]++ >= upload.keep_sources && !young) {
            marked.old_uploads.push_back(upload.id);
            continue;
        }
        if (young) marked.sources.insert(upload.sha256);
        const std::string key = deployments::upload_tree_key(upload.project, upload.id);
        const Result<std::string> text = co_await objects.get(key, manifest_bytes_max);
        if (!text && text.error().failure == Failure::not_found) continue;
        if (!text)
            throw std::runtime_error("gc: " + text.error().message + "; nothing was deleted");
        const auto tree = json::parse_as<deployments::UploadTree>(*text);
        if (!tree) throw std::runtime_error("gc: " + key + " is damaged; nothing was deleted");
        marked.uploaded.insert(key);
        for (const deployments::UploadFile& file : tree->files)
            marked.uploaded.insert(deployments::upload_blob_key(upload.project, file.sha256));
    }
}

Task<Marked> mark(db::Database& database, objects::ObjectStore& objects, std::int64_t now_ms) {
    const auto find = [](soci::session& sql) {
        return db::select<Living>(
            sql,
            "from (select d.id as id, d.project as project, d.artifact as artifact, "
            "d.source_sha256 as source_sha256, p.keep_sources as keep_sources, "
            "d.intent as intent from deployments d join projects p on p.id = d.project "
            "where d.deleted_at_ms is null) as living order by intent desc");
    };
    const std::vector<Living> living = co_await database.read(find);
    Marked marked;
    std::map<std::string, std::int64_t> sources_kept;
    for (const Living& deployment : living) {
        marked.deployments.insert(deployment.id);
        if (deployment.source_sha256 &&
            sources_kept[deployment.project]++ < deployment.keep_sources) {
            marked.sources.insert(*deployment.source_sha256);
        }
        if (!deployment.artifact) continue;
        const std::string key = artifacts::manifest_key(deployment.id);
        const Result<std::string> text = co_await objects.get(key, manifest_bytes_max);
        if (!text) throw std::runtime_error("gc: " + key + " is missing; nothing was deleted");
        const auto manifest = json::parse_as<artifacts::Manifest>(*text);
        if (!manifest) throw std::runtime_error("gc: " + key + " is damaged; nothing was deleted");
        for (const auto& [path, entry] : manifest->files)
            marked.blobs.insert(entry.sha256);
    }
    co_await mark_uploads(database, objects, now_ms, marked);
    co_return marked;
}

Task<> sweep(objects::ObjectStore& objects, const Marked& marked, std::string prefix,
             std::int64_t now_ms, Swept& swept) {
    std::string after;
    while (true) {  // ends with the last page
        const std::vector<objects::Entry> page = co_await objects.list(prefix, after, page_max);
        for (const objects::Entry& entry : page) {
            const bool young = entry.modified_ms + grace_ms > now_ms;
            if (young || is_needed(marked, entry.key)) {
                ++swept.kept_objects;
                swept.kept_bytes += static_cast<std::int64_t>(entry.bytes);
                continue;
            }
            co_await objects.remove(entry.key);
            ++swept.objects;
            swept.bytes += static_cast<std::int64_t>(entry.bytes);
        }
        if (page.size() < page_max) co_return;
        after = page.back().key;
    }
}

}  // namespace

Task<Swept> collect_garbage(db::Database& database, objects::ObjectStore& objects,
                            std::int64_t now_ms) {
    const Marked marked = co_await mark(database, objects, now_ms);
    Swept swept;
    for (const char* prefix : {"public/blobs/", "public/manifests/", "private/logs/",
                               "private/sources/", "private/uploads/"}) {
        co_await sweep(objects, marked, prefix, now_ms, swept);
    }
    const auto forget = [&](soci::session& sql) {
        for (const std::string& id : marked.old_uploads)
            db::execute(sql, "delete from uploads where id = :id", id);
        db::execute(sql,
                    "delete from log_chunks where deployment in "
                    "(select id from deployments where deleted_at_ms is not null)");
        db::execute(sql,
                    "update deployments set source_sha256 = null where deleted_at_ms is not null");
    };
    co_await database.write(forget);
    co_return swept;
}

Task<std::vector<std::string>> unarchived_logs(db::Database& database) {
    const auto find = [](soci::session& sql) {
        return db::value<std::string>(
            sql,
            "select group_concat(id, ' ') from deployments where finished_at_ms is not null and "
            "log_archived = 0");
    };
    const std::string all = (co_await database.read(find)).value_or("");
    std::vector<std::string> ids;
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find(' ', begin), all.size());
        ids.push_back(all.substr(begin, end - begin));
        begin = end + 1;
    }
    co_return ids;
}

}  // namespace berth::roles

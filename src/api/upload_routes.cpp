/// Directories that people upload: first the names and hashes, then the bytes that are missing,
/// then the names again, which gives the upload that POST …/deployments takes.

#include "api/blob_upload.hpp"
#include "api/body.hpp"
#include "api/routes.hpp"
#include "base/workers.hpp"
#include "deployments/uploads.hpp"

namespace berth::api {
namespace {

using deployments::UploadLimits;
using deployments::UploadTree;

constexpr UploadLimits limits{};
constexpr std::size_t tree_bytes_max = 32 << 20;  // 50,000 files with names of 500 bytes
constexpr std::size_t small_bytes = 64 << 10;     // read on the loop itself: within a millisecond
/// What is sent at a time; clients send more in several requests.
constexpr std::size_t stream_bytes_max = 600ull << 20;

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())

Result<UploadTree> read_tree(const http::Request& request) {
    Result<UploadTree> tree = parse_body<UploadTree>(request);
    if (!tree) return tree.error();
    if (const Result<> fits = check(*tree, limits); !fits) return fits.error();
    return tree;
}

/// POST /api/v1/projects/{project}/uploads
///
/// Body:   UploadTree
/// 200:    {id: null, missing: [sha256]}: send these; there may be more
/// 201:    {id, missing: []}: all is there
/// Errors: invalid — unsafe_path, duplicate_path, no_files, bad_blob_name, bad_link,
///         blob_size_mismatch; too_large — too_many_files, upload_too_large, file_too_large;
///         conflict — upload_incomplete; unavailable — uploads_busy
Task<Result<http::Response>> offer_upload(Services& services, Context& context) {
    const auto work = [&] { return read_tree(context.request); };
    const bool aside = context.request.body.size() > small_bytes && services.form_checks != nullptr;
    Result<UploadTree> tree = aside ? co_await services.form_checks->run(work) : work();
    if (!tree) co_return tree.error();
    const std::string project = context.project.id;
    const std::string actor = context.caller.actor();
    const auto reply = co_await services.uploads->offer(project, actor, std::move(*tree));
    if (!reply) co_return reply.error();
    co_return http::json_response(reply->id ? 201 : 200, *reply);
}

/// POST /api/v1/projects/{project}/uploads/blobs: a stream of blobs as workers send it, of plain
/// ones by their SHA-256. What came before an error stays, and need not be sent again.
/// Errors: invalid — bad_blob_name, blob_hash_mismatch, blob_stream_cut; too_large
Task<Result<http::Response>> upload_files(Services& services, Context& context) {
    const std::string project = context.project.id;
    const NameBlob name = [project](const std::string& text) -> Result<BlobName> {
        Result<BlobName> blob = parse_blob_name(text);
        if (!blob) return blob.error();
        if (!blob->is_plain()) {
            return fail_as(Failure::invalid, "bad_blob_name", "", "'{}' is not a plain blob", text);
        }
        blob->key = deployments::upload_blob_key(project, blob->sha256);
        return blob;
    };
    const Result<> stored = co_await store_blobs(*services.objects, *context.request.source, name);
    if (!stored) co_return stored.error();
    co_return http::json_response(200, Nothing{});
}

using enum http::Verb;

constexpr Route table[] = {
    {post,
     "/api/v1/projects/{project}/uploads",
     Policy::project_deploy,
     offer_upload,
     "",
     {.stream = false, .bytes_max = tree_bytes_max}},
    {post,
     "/api/v1/projects/{project}/uploads/blobs",
     Policy::project_deploy,
     upload_files,
     "",
     {.stream = true, .bytes_max = stream_bytes_max}},
};

}  // namespace

std::span<const Route> upload_routes() {
    return table;
}

}  // namespace berth::api

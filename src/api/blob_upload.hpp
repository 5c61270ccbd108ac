#pragma once
/// Bytes that a worker uploads: verified by hash before they are stored under it.

#include <functional>
#include <string>
#include <vector>

#include "http/message.hpp"
#include "objects/object_store.hpp"

namespace berth::api {

/// "<sha256>", with .br, .zst or .gz, or without.
struct BlobName {
    std::string key{};  // in the store
    std::string sha256{};
    std::string suffix{};  // "" of the blob itself

    bool is_plain() const { return suffix.empty(); }
};
/// Errors: invalid — bad_blob_name.
Result<BlobName> parse_blob_name(const std::string& name);

/// Which of these names the store lacks. Names: "<sha256>", with .br, .zst or .gz, or without.
/// Errors: invalid — bad_blob_name.
Task<Result<std::vector<std::string>>> missing_blobs(objects::ObjectStore& store,
                                                     std::vector<std::string> names);

/// What a blob of a stream is, by the name it came with. Errors: invalid — bad_blob_name.
using NameBlob = std::function<Result<BlobName>(const std::string& name)>;

/// Reads a stream of blobs (the format at the top of jobs/job.hpp) and stores it in batches, under
/// the keys that `name` gives; what came before an error may stay.
/// Errors: invalid — bad_blob_name, blob_hash_mismatch, blob_stream_cut; unavailable.
Task<Result<>> store_blobs(objects::ObjectStore& store, http::BodySource& source,
                           NameBlob name = &parse_blob_name);

/// Errors: invalid — bad_blob_name, blob_hash_mismatch.
Task<Result<>> store_source(objects::ObjectStore& store, http::BodySource& source,
                            std::string sha256);

std::string source_key(const std::string& sha256);

}  // namespace berth::api

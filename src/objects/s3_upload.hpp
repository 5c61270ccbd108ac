#pragma once
/// Putting bytes into a bucket: in one request up to a part's size, in parts above.

#include <memory>

#include "base/crypto.hpp"
#include "objects/s3_client.hpp"

namespace berth::objects {

/// Parts have one size, but the last (R2 wants that). At most 10,000 of them: 156 GiB.
constexpr std::uint64_t s3_part_bytes = 16 << 20;

/// The object's SHA-256 lies beside it under this name, so that what is read can be compared.
constexpr const char* s3_sha256_field = "x-amz-meta-berth-sha256";

/// The hashes of an object: of the whole, and of each part.
class S3Hashes {
public:
    void add(std::string_view bytes);
    /// Once, after the last byte.
    void end();

    std::uint64_t bytes = 0;
    std::string whole{};
    std::vector<std::string> parts{};  // at least one

private:
    Sha256 all_{};
    std::unique_ptr<Sha256> part_ = std::make_unique<Sha256>();
    std::uint64_t part_bytes_ = 0;
};

/// What `read` gives becomes the object `key` (with the prefix), whole or not at all; what a
/// failure leaves of its parts is taken away. `hashes` has ended, and must outlive the call.
/// Errors: unavailable.
Task<Result<>> s3_upload(S3Client& client, std::string key, S3Read read, const S3Hashes& hashes);

/// Takes away the parts of uploads below `prefix` (with the store's) that began before `before_ms`
/// and never ended, at most 1,000 of them: those of a process that died. Errors: unavailable.
Task<Result<>> s3_sweep_uploads(S3Client& client, std::string prefix, std::int64_t before_ms);

}  // namespace berth::objects

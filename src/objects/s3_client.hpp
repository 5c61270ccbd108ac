#pragma once
/// Signed requests to one bucket, sent again where that helps. What they mean is s3_upload.cpp's
/// and s3_object_store.cpp's; what refusals mean, s3_refusals.cpp's.

#include <atomic>
#include <memory>
#include <string>

#include "http/client.hpp"
#include "objects/s3_config.hpp"
#include "objects/s3_refusals.hpp"
#include "objects/s3_signer.hpp"

namespace berth::objects {

/// Fills `into` from `offset` on and says how many bytes it gave; called on any thread, as often as
/// attempts need.
using S3Read = std::function<std::size_t(std::uint64_t offset, std::span<char> into)>;
/// What moves gets time for its size: at least so fast it must be on the whole.
constexpr std::uint64_t s3_slowest_bytes_per_s = 64 << 10;

/// Takes a piece, on any thread. False: enough.
using S3Sink = std::function<bool(std::string_view)>;

struct S3Request {
    std::string verb = "GET";
    std::string key{};  // with the prefix; "": the bucket itself
    S3Query query{};
    http::Headers headers{};
    std::string body{};
    /// When set, it is sent instead of `body`; `payload_sha256` is then its hash.
    S3Read read{};
    std::uint64_t read_bytes = 0;
    std::string payload_sha256{};
    /// When set, makes the sink of one attempt, which begins from nothing.
    std::function<S3Sink()> sink{};
    /// When set, looks at an answer of success. Its error is a failed attempt.
    std::function<Result<>(const http::Reply&)> accept{};
    /// For all attempts and pauses. 0: the configuration's, and time for `read_bytes`.
    std::chrono::milliseconds limit{0};
};

class S3Client {
public:
    explicit S3Client(S3Config config);

    /// An answer of success (2xx).
    /// Errors: as s3_failure and s3_no_answer have them; too_large — the sink had enough. No
    /// message ever has a key.
    Task<Result<http::Reply>> send(S3Request request);

    const S3Config& config() const { return config_; }

private:
    struct Outcome {
        Result<http::Reply> result;
        bool again = false;
    };
    http::Call call_of(const S3Request& request) const;
    Task<Outcome> attempt(const S3Request& request, std::chrono::milliseconds limit);
    Task<Result<http::Reply>> repeat(const S3Request& request);

    S3Config config_;
    std::string url_;          // scheme and authority
    std::string host_;         // as it is signed
    std::string path_prefix_;  // "/bucket", or "" for virtual hosts
    S3Signer signer_;
    S3RetryBudget budget_{};
    std::atomic<bool> bucket_seen_ = false;
    std::unique_ptr<http::Client> http_;
};

}  // namespace berth::objects

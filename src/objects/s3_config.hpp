#pragma once
/// Where an S3 object store lies and how it is spoken to. One text names the place
/// (`s3://BUCKET/PREFIX?endpoint=URL&region=R&path_style=1`); the keys come beside it, never in it.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "objects/s3_retry.hpp"

namespace berth::objects {

enum class S3Addressing {
    path,          // https://host/bucket/key
    virtual_host,  // https://bucket.host/key
};

struct S3Config {
    std::string bucket{};
    std::string prefix{};    // before every key: "" or "some/folder/"
    std::string endpoint{};  // "https://host" or "http://host:port"
    std::string region = "us-east-1";
    S3Addressing addressing = S3Addressing::path;

    std::string access_key{};
    std::string secret_key{};
    std::string ca_file{};  // extra trust beside the system's, or ""

    /// Where files without a name hold what is on its way; must exist.
    std::string spool_directory = "/tmp";
    /// The largest object written, or copied for `open`.
    std::uint64_t object_bytes_max = 16ULL << 30;
    std::size_t calls_max = 8;  // at a time
    /// One request with all its attempts; what moves more than a part gets time for its size too.
    std::chrono::milliseconds limit{60'000};
    /// An attempt ends when less than 1 KiB a second moved for that long.
    std::chrono::seconds stall{20};
    S3RetryPolicy retry{};
    Clock now_ms = &unix_now_ms;
};

/// Reads the place. Without `endpoint` it is AWS's own of the region, by virtual host; with one,
/// path style. Without `region` it is us-east-1, or `auto` at Cloudflare R2.
/// Errors: invalid — says what is wrong and repeats nothing but a parameter's name.
Result<S3Config> parse_s3_url(const std::string& url);

}  // namespace berth::objects

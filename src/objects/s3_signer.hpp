#pragma once
/// AWS Signature Version 4 for S3: one signature in the Authorization field, over the SHA-256 of
/// the body. Not libcurl's: 7.88 encodes neither queries nor paths as the servers do (curl #11794,
/// #13754), and a wrong signature shows only with some names.
/// Source: "Signature Calculations for the Authorization Header", whose examples are the tests.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace berth::objects {

/// Names and values as they are, not encoded.
using S3Query = std::vector<std::pair<std::string, std::string>>;

/// "a b/c+d" → "a%20b/c%2Bd": once encoded, slashes kept, as S3 alone of all AWS services has it.
std::string s3_path(std::string_view path);

/// Encoded and in the order that is signed; "" when empty.
std::string s3_query(const S3Query& query);

struct S3Signable {
    std::string verb{};
    std::string host{};  // with the port, unless it is the scheme's own
    std::string path{};  // encoded: what goes into the URL
    S3Query query{};
    std::string payload_sha256{};  // hex
};

class S3Signer {
public:
    S3Signer(std::string access_key, std::string secret_key, std::string region);

    /// Adds x-amz-date, x-amz-content-sha256 and authorization; signs these, the host and every
    /// field that is there already (lower-case names, values without double spaces).
    void sign(const S3Signable& request, http::Headers& headers, std::int64_t now_ms) const;

private:
    std::string access_key_;
    std::string secret_key_;
    std::string region_;
};

}  // namespace berth::objects

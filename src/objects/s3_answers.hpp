#pragma once
/// What an S3 server says, read: its XML (pugixml, which resolves no entities of a document's own)
/// and its times. Pure functions over bytes that nobody checked.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace berth::objects {

/// The document of a refusal; empty fields where it says nothing, or is none.
struct S3Refusal {
    std::string code{};     // "NoSuchKey"
    std::string message{};  // one line, at most 300 bytes
    std::string region{};   // where the bucket lies, when the server says that
};
S3Refusal parse_s3_refusal(std::string_view xml);

struct S3Listed {
    std::string key{};
    std::uint64_t bytes = 0;
    std::int64_t modified_ms = 0;
};
struct S3Page {
    std::vector<S3Listed> objects{};
    bool more = false;  // it is not the last one
};
/// Errors: unavailable — not such a document.
Result<S3Page> parse_s3_page(std::string_view xml);

/// Errors: unavailable — the answer to a new multipart upload names none.
Result<std::string> parse_s3_upload_id(std::string_view xml);

/// Whether the answer to "complete" says that it is: a 200 may also carry a refusal.
/// Errors: unavailable — it does not, with what it says.
Result<> check_s3_completed(std::string_view xml);

struct S3Upload {
    std::string key{};
    std::string id{};
    std::int64_t begun_ms = 0;
};
/// Errors: unavailable — not such a document.
Result<std::vector<S3Upload>> parse_s3_uploads(std::string_view xml);

/// The document that completes an upload; `etags` in the order of the parts.
std::string s3_completion(const std::vector<std::string>& etags);

/// "2026-11-30T00:05:44.000Z" → Unix milliseconds. Nothing: no such time.
std::optional<std::int64_t> parse_iso_time(const std::string& text);
/// "Mon, 30 Nov 2026 00:05:44 GMT" → Unix milliseconds. Nothing: no such time.
std::optional<std::int64_t> parse_http_time(const std::string& text);

}  // namespace berth::objects

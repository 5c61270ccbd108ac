#include "objects/s3_signer.hpp"

#include <algorithm>
#include <ctime>
#include <map>

#include "base/crypto.hpp"

namespace berth::objects {
namespace {

constexpr const char* algorithm = "AWS4-HMAC-SHA256";

/// "20130524T000000Z".
std::string timestamp(std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

}  // namespace

std::string s3_path(std::string_view path) {
    std::string encoded;
    while (true) {  // ends after the last segment
        const std::size_t slash = path.find('/');
        encoded += http::percent_encode(path.substr(0, slash));
        if (slash == path.npos) return encoded;
        encoded += '/';
        path.remove_prefix(slash + 1);
    }
}

std::string s3_query(const S3Query& query) {
    std::vector<std::pair<std::string, std::string>> encoded;
    for (const auto& [name, value] : query)
        encoded.emplace_back(http::percent_encode(name), http::percent_encode(value));
    std::ranges::sort(encoded);
    std::string text;
    for (const auto& [name, value] : encoded)
        text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
    return text;
}

S3Signer::S3Signer(std::string access_key, std::string secret_key, std::string region)
    : access_key_(std::move(access_key)),
      secret_key_(std::move(secret_key)),
      region_(std::move(region)) {}

void S3Signer::sign(const S3Signable& request, http::Headers& headers, std::int64_t now_ms) const {
    const std::string time = timestamp(now_ms);
    const std::string day = time.substr(0, 8);
    headers.set("x-amz-date", time);
    headers.set("x-amz-content-sha256", request.payload_sha256);

    std::map<std::string, std::string> fields{{"host", request.host}};
    for (const auto& [name, value] : headers)
        fields[name] = value;
    std::string lines;
    std::string names;
    for (const auto& [name, value] : fields) {
        lines += fmt::format("{}:{}\n", name, value);
        names += (names.empty() ? "" : ";") + name;
    }
    const std::string canonical =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.verb, request.path, s3_query(request.query),
                    lines, names, request.payload_sha256);

    const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, region_);
    const std::string text =
        fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope, sha256_hex(canonical));
    std::string key = "AWS4" + secret_key_;
    for (const std::string& part : {day, region_, std::string("s3"), std::string("aws4_request")})
        key = hmac_sha256(key, part);
    headers.set("authorization",
                fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", algorithm,
                            access_key_, scope, names, hex(hmac_sha256(key, text))));
}

}  // namespace berth::objects

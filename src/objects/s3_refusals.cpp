#include "objects/s3_refusals.hpp"

#include <algorithm>
#include <array>

#include "objects/s3_answers.hpp"

namespace berth::objects {
namespace {

bool passes_by_itself(unsigned status, std::string_view code) {
    constexpr std::array statuses{408U, 429U, 500U, 502U, 503U, 504U};
    constexpr std::array<std::string_view, 4> codes{"RequestTimeout", "InternalError", "SlowDown",
                                                    "ServiceUnavailable"};
    return std::ranges::find(statuses, status) != statuses.end() ||
           std::ranges::find(codes, code) != codes.end();
}

struct Advice {
    std::string_view code;
    std::string_view check;
};
constexpr std::array advice{
    Advice{"SignatureDoesNotMatch", "check BERTH_S3_SECRET_KEY and BERTH_S3_ACCESS_KEY"},
    Advice{"InvalidAccessKeyId", "check BERTH_S3_ACCESS_KEY"},
    Advice{"AccessDenied", "check what this key may do, and the bucket's name"},
    Advice{"NoSuchBucket", "make the bucket, or check its name and the endpoint"},
    Advice{"InvalidBucketName", "check the bucket's name"},
    Advice{"QuotaExceeded", "the bucket is full"},
};

bool is_of_region(unsigned status, std::string_view code) {
    return status == 301 || status == 307 || code == "AuthorizationHeaderMalformed" ||
           code == "IllegalLocationConstraintException";
}

/// "this machine's clock is 1200 s behind the server's".
std::string clock_check(const S3Config& config, const http::Reply& reply) {
    const auto theirs = parse_http_time(std::string(reply.headers.get("date")));
    if (!theirs) return "check this machine's clock";
    const std::int64_t ahead = (config.now_ms() - *theirs) / 1000;
    return fmt::format("this machine's clock is {} s {} the server's", std::abs(ahead),
                       ahead > 0 ? "ahead of" : "behind");
}

std::string what_to_check(const S3Config& config, const http::Reply& reply,
                          const S3Refusal& refusal) {
    if (refusal.code == "RequestTimeTooSkewed") return clock_check(config, reply);
    if (is_of_region(reply.status, refusal.code)) {
        const std::string_view said = reply.headers.get("x-amz-bucket-region");
        const std::string region = refusal.region.empty() ? std::string(said) : refusal.region;
        if (region.empty())
            return fmt::format("check the region, which is set to {}", config.region);
        return fmt::format("the region is {}, not {}", region, config.region);
    }
    for (const Advice& each : advice) {
        if (each.code == refusal.code) return std::string(each.check);
    }
    return refusal.code.empty() ? "check the endpoint: that is no answer of an S3 server" : "";
}

/// It may go better in a moment.
template <class... Args>
S3Failure passing(fmt::format_string<Args...> text, Args&&... args) {
    return {fail_as(Failure::unavailable, "object_store_unavailable", "", text,
                    std::forward<Args>(args)...),
            true};
}

/// It stays so until somebody changes something.
template <class... Args>
S3Failure lasting(fmt::format_string<Args...> text, Args&&... args) {
    return {fail_as(Failure::unavailable, "object_store_refused", "", text,
                    std::forward<Args>(args)...),
            false};
}

std::string words_of(const S3Config& config, const http::Reply& reply, const S3Refusal& refusal) {
    std::string text = fmt::format("the object store answers {}", reply.status);
    if (!refusal.code.empty()) text += " " + refusal.code;
    if (!refusal.message.empty()) text += fmt::format(" ({})", refusal.message);
    const std::string check = what_to_check(config, reply, refusal);
    if (!check.empty()) text += ": " + check;
    return text;
}

}  // namespace

S3Failure s3_failure(const S3Config& config, const http::Reply& reply) {
    const S3Refusal refusal = parse_s3_refusal(reply.body);
    const std::string words = words_of(config, reply, refusal);
    if (passes_by_itself(reply.status, refusal.code)) return passing("{}", words);
    if (refusal.code == "NoSuchUpload") return {fail(Failure::conflict, "{}", words)};
    if (reply.status == 416) return {fail(Failure::precondition, "{}", words)};
    // Only the server's own word says that an object is not there: a proxy's 404 does not. (The
    // answer to HEAD has no words; S3Client asks again where that matters.)
    if (refusal.code == "NoSuchKey" || (reply.status == 404 && reply.body.empty())) {
        return {fail(Failure::not_found, "no such object")};
    }
    return lasting("{}", words);
}

S3Failure s3_no_answer(const Error& error) {
    if (error.failure == Failure::unavailable || error.failure == Failure::timed_out) {
        return passing("no answer from the object store: {}", error.message);
    }
    return lasting("the object store's answer: {}", error.message);
}

}  // namespace berth::objects

#include "objects/s3_client.hpp"

#include "base/crypto.hpp"
#include "base/log.hpp"

namespace berth::objects {
namespace {

// A listing of 1,000 keys of 1,024 bytes, each byte escaped, and what stands around them.
constexpr std::size_t answer_bytes_max = 8 << 20;

/// "https://host:443" → "host": a scheme's own port is not part of the signed host.
std::string signed_host(const std::string& url) {
    const bool tls = url.starts_with("https://");
    std::string host = url.substr(url.find("://") + 3);
    const std::string_view own = tls ? ":443" : ":80";
    if (host.ends_with(own)) host.resize(host.size() - own.size());
    return host;
}

std::string url_of(const S3Config& config) {
    if (config.addressing == S3Addressing::path) return config.endpoint;
    const std::size_t host = config.endpoint.find("://") + 3;
    return fmt::format("{}{}.{}", config.endpoint.substr(0, host), config.bucket,
                       config.endpoint.substr(host));
}

std::uint64_t random_number() {
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    random_fill(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

std::chrono::milliseconds time_left(std::int64_t until_ms) {
    return std::chrono::milliseconds(std::max<std::int64_t>(until_ms - steady_now_ms(), 0));
}

}  // namespace

S3Client::S3Client(S3Config config)
    : config_(std::move(config)),
      url_(url_of(config_)),
      host_(signed_host(url_)),
      path_prefix_(config_.addressing == S3Addressing::path ? "/" + config_.bucket : ""),
      signer_(config_.access_key, config_.secret_key, config_.region),
      http_(http::make_curl_client(config_.calls_max, config_.ca_file)) {}

http::Call S3Client::call_of(const S3Request& request) const {
    http::Call call;
    call.verb = request.verb;
    call.headers = request.headers;
    call.reply_bytes_max = answer_bytes_max;
    const std::string path = path_prefix_ + s3_path("/" + request.key);
    const std::string query = s3_query(request.query);
    call.url = url_ + path + (query.empty() ? "" : "?" + query);
    std::string payload = request.payload_sha256;
    if (request.read) {
        auto place = std::make_shared<std::uint64_t>(0);
        call.source = [read = request.read, place](std::span<char> into) {
            const std::size_t count = read(*place, into);
            *place += count;
            return count;
        };
        call.source_bytes = request.read_bytes;
    } else {
        call.body = request.body;
        payload = sha256_hex(request.body);
    }
    if (request.read || request.sink) call.stall = config_.stall;
    const S3Signable signable{request.verb, host_, path, request.query, payload};
    signer_.sign(signable, call.headers, config_.now_ms());
    return call;
}

Task<S3Client::Outcome> S3Client::attempt(const S3Request& request,
                                          std::chrono::milliseconds limit) {
    http::Call call = call_of(request);
    call.limit = limit;
    const auto enough = std::make_shared<std::atomic<bool>>(false);
    if (request.sink) {
        call.sink = [enough, sink = request.sink()](std::string_view piece) {
            if (!sink(piece)) *enough = true;
            return !*enough;
        };
    }
    Result<http::Reply> reply = co_await http_->send(std::move(call));
    if (*enough) co_return Outcome{fail(Failure::too_large, "the reader had enough")};
    if (!reply) {
        const S3Failure failure = s3_no_answer(reply.error());
        co_return Outcome{failure.error, failure.again};
    }
    if (reply->status < 200 || reply->status > 299) {
        const S3Failure failure = s3_failure(config_, *reply);
        co_return Outcome{failure.error, failure.again};
    }
    bucket_seen_ = true;
    if (request.accept) {
        const Result<> accepted = request.accept(*reply);
        if (!accepted) {
            co_return Outcome{fail_as(Failure::unavailable, "object_store_unavailable", "", "{}",
                                      accepted.error().message),
                              true};
        }
    }
    co_return Outcome{std::move(reply)};
}

Task<Result<http::Reply>> S3Client::repeat(const S3Request& request) {
    std::chrono::milliseconds limit = request.limit;
    if (limit.count() == 0) {
        limit = config_.limit + std::chrono::seconds(request.read_bytes / s3_slowest_bytes_per_s);
    }
    const std::int64_t until = steady_now_ms() + limit.count();
    for (unsigned number = 1;; ++number) {  // ends with the policy, the budget or the time
        // At least a millisecond: 0 would be no limit.
        const auto left = std::max(time_left(until), std::chrono::milliseconds(1));
        Outcome outcome = co_await attempt(request, left);
        if (outcome.result) {
            budget_.earn();
            co_return std::move(outcome.result);
        }
        const Error& error = outcome.result.error();
        if (!outcome.again) co_return error;
        const auto pause = retry_pause(config_.retry, number, random_number());
        const bool over = number >= config_.retry.attempts_max || time_left(until) <= pause;
        if (over || !budget_.spend()) {
            co_return fail_as(error.failure, error.code, "", "{} (asked {} times)", error.message,
                              number);
        }
        log::warning("object store asked again", {{"verb", request.verb},
                                                  {"key", request.key},
                                                  {"attempt", number},
                                                  {"why", error.message}});
        co_await sleep_for(pause);
    }
}

Task<Result<http::Reply>> S3Client::send(S3Request request) {
    Result<http::Reply> reply = co_await repeat(request);
    if (reply || request.verb != "HEAD" || reply.error().failure == Failure::too_large) {
        co_return reply;
    }
    // The answer to HEAD has no words: neither why it is refused, nor whether it is the bucket that
    // is not there. GET has them.
    const bool known = reply.error().failure == Failure::not_found && bucket_seen_;
    if (known || reply.error().code == "object_store_unavailable") co_return reply;
    S3Request with_words = request;
    with_words.verb = "GET";
    with_words.accept = {};
    with_words.headers.set("range", "bytes=0-0");
    Result<http::Reply> explained = co_await repeat(with_words);
    if (explained) co_return reply;  // it came meanwhile
    if (explained.error().failure == Failure::not_found) bucket_seen_ = true;
    co_return explained;
}

}  // namespace berth::objects

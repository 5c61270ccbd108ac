#include "objects/s3_upload.hpp"

#include "base/log.hpp"
#include "objects/in_parallel.hpp"
#include "objects/s3_answers.hpp"

namespace berth::objects {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t parts_at_once = 3;
constexpr std::chrono::milliseconds complete_limit = 5min;  // it joins gigabytes
constexpr std::chrono::milliseconds abort_limit = 10s;

class MultipartUpload {
public:
    MultipartUpload(S3Client& client, std::string key, S3Read read, const S3Hashes& hashes)
        : client_(client), key_(std::move(key)), read_(std::move(read)), hashes_(hashes) {}

    Task<Result<>> begin() {
        S3Request request{.verb = "POST", .key = key_, .query = {{"uploads", ""}}};
        request.headers.add(s3_sha256_field, hashes_.whole);
        request.accept = [this](const http::Reply& reply) -> Result<> {
            Result<std::string> id = parse_s3_upload_id(reply.body);
            if (!id) return id.error();
            id_ = std::move(*id);
            return boost::system::in_place_value;
        };
        const Result<http::Reply> begun = co_await client_.send(std::move(request));
        if (!begun) co_return begun.error();
        co_return Result<>{};
    }

    Task<Result<>> send_parts() {
        etags_.resize(hashes_.parts.size());
        const auto send = [this](std::size_t index) { return send_part(index); };
        co_return co_await in_parallel(hashes_.parts.size(), parts_at_once, send);
    }

    Task<Result<>> complete() {
        S3Request request{.verb = "POST",
                          .key = key_,
                          .query = {{"uploadId", id_}},
                          .body = s3_completion(etags_)};
        request.limit = complete_limit;
        request.accept = [](const http::Reply& reply) { return check_s3_completed(reply.body); };
        const Result<http::Reply> done = co_await client_.send(std::move(request));
        if (done) co_return Result<>{};
        if (done.error().failure != Failure::conflict) co_return done.error();
        // An attempt whose answer was lost may have done it.
        const bool there = co_await is_there();
        if (there) co_return Result<>{};
        co_return fail_as(Failure::unavailable, "object_store_unavailable", "",
                          "the object store forgot an upload before it was complete");
    }

    Task<> abort() {
        S3Request request{.verb = "DELETE", .key = key_, .query = {{"uploadId", id_}}};
        request.limit = abort_limit;
        const Result<http::Reply> gone = co_await client_.send(std::move(request));
        if (!gone && gone.error().failure != Failure::conflict) {
            log::warning("parts of an upload are left", {{"why", gone.error().message}});
        }
    }

private:
    Task<Result<>> send_part(std::size_t index) {
        const std::uint64_t begin = index * s3_part_bytes;
        S3Request request{.verb = "PUT",
                          .key = key_,
                          .query = {{"partNumber", std::to_string(index + 1)}, {"uploadId", id_}}};
        request.read_bytes = std::min(s3_part_bytes, hashes_.bytes - begin);
        request.payload_sha256 = hashes_.parts[index];
        request.read = [read = read_, begin, size = request.read_bytes](std::uint64_t offset,
                                                                        std::span<char> into) {
            const auto count = std::min<std::uint64_t>(size - offset, into.size());
            return read(begin + offset, into.first(count));
        };
        request.accept = [this, index](const http::Reply& reply) -> Result<> {
            etags_[index] = reply.headers.get("etag");
            if (etags_[index].empty()) return fail(Failure::unavailable, "a part without an ETag");
            return boost::system::in_place_value;
        };
        const Result<http::Reply> sent = co_await client_.send(std::move(request));
        if (!sent) co_return sent.error();
        co_return Result<>{};
    }

    Task<bool> is_there() {
        S3Request request{.verb = "HEAD", .key = key_};
        const Result<http::Reply> found = co_await client_.send(std::move(request));
        co_return found && found->headers.get(s3_sha256_field) == hashes_.whole;
    }

    S3Client& client_;
    std::string key_;
    S3Read read_;
    const S3Hashes& hashes_;
    std::string id_{};
    std::vector<std::string> etags_{};
};

/// The parts, and the word that joins them.
Task<Result<>> send_all(MultipartUpload& upload) {
    const Result<> sent = co_await upload.send_parts();
    if (!sent) co_return sent;
    co_return co_await upload.complete();
}

Task<Result<>> upload_in_parts(MultipartUpload& upload) {
    const Result<> begun = co_await upload.begin();
    if (!begun) co_return begun;
    Result<> done{};
    std::exception_ptr broken;
    try {
        done = co_await send_all(upload);
    } catch (...) {
        broken = std::current_exception();
    }
    if (broken || !done) {
        co_await asio::this_coro::reset_cancellation_state();  // also when we were canceled
        co_await upload.abort();
    }
    if (broken) std::rethrow_exception(broken);
    co_return done;
}

}  // namespace

void S3Hashes::add(std::string_view more) {
    bytes += more.size();
    all_.add(more);
    while (!more.empty()) {  // ends with the last piece
        if (part_bytes_ == s3_part_bytes) {
            parts.push_back(part_->hex());
            part_ = std::make_unique<Sha256>();
            part_bytes_ = 0;
        }
        const auto count = std::min<std::uint64_t>(s3_part_bytes - part_bytes_, more.size());
        part_->add(more.substr(0, count));
        part_bytes_ += count;
        more.remove_prefix(count);
    }
}

void S3Hashes::end() {
    whole = all_.hex();
    parts.push_back(part_->hex());
}

Task<Result<>> s3_upload(S3Client& client, std::string key, S3Read read, const S3Hashes& hashes) {
    if (hashes.parts.size() > 1) {
        MultipartUpload upload(client, std::move(key), std::move(read), hashes);
        co_return co_await upload_in_parts(upload);
    }
    S3Request request{.verb = "PUT", .key = std::move(key)};
    request.headers.add(s3_sha256_field, hashes.whole);
    request.read = std::move(read);
    request.read_bytes = hashes.bytes;
    request.payload_sha256 = hashes.whole;
    const Result<http::Reply> sent = co_await client.send(std::move(request));
    if (!sent) co_return sent.error();
    co_return Result<>{};
}

Task<Result<>> s3_sweep_uploads(S3Client& client, std::string prefix, std::int64_t before_ms) {
    S3Request listing{.query = {{"uploads", ""}, {"prefix", prefix}, {"max-uploads", "1000"}}};
    const Result<http::Reply> listed = co_await client.send(std::move(listing));
    if (!listed) co_return listed.error();
    const Result<std::vector<S3Upload>> uploads = parse_s3_uploads(listed->body);
    if (!uploads) co_return uploads.error();
    for (const S3Upload& upload : *uploads) {
        if (upload.begun_ms >= before_ms || !upload.key.starts_with(prefix)) continue;
        S3Request abort{.verb = "DELETE", .key = upload.key, .query = {{"uploadId", upload.id}}};
        const Result<http::Reply> gone = co_await client.send(std::move(abort));
        if (!gone && gone.error().failure != Failure::conflict) co_return gone.error();
    }
    co_return Result<>{};
}

}  // namespace berth::objects

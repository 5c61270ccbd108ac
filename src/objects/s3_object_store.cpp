/// The object store in a bucket of Amazon S3, Cloudflare R2, Ceph or another that speaks S3.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/log.hpp"
#include "base/workers.hpp"
#include "objects/in_parallel.hpp"
#include "objects/keys.hpp"
#include "objects/object_store.hpp"
#include "objects/s3_listing.hpp"
#include "objects/s3_upload.hpp"
#include "objects/spool.hpp"

namespace berth::objects {
namespace {

constexpr std::size_t threads = 2;  // hashing and files
constexpr std::int64_t abandoned_ms = 24 * 3600 * 1000;
constexpr std::int64_t sweep_every_ms = 24 * 3600 * 1000;

[[noreturn]] void refuse(const Error& error) {
    throw StoreRefused(error);
}

Error with_key(const Error& error, const std::string& key) {
    if (error.code == "not_found") return fail(Failure::not_found, "no object {}", key);
    return fail_as(error.failure, error.code, error.pointer, "{}: {}", key, error.message);
}

/// Compares what came with what was stored. Objects that others put there have no hash beside them.
Result<> check_hash(const http::Reply& reply, const std::string& received) {
    const std::string_view stored = reply.headers.get(s3_sha256_field);
    if (stored.empty() || stored == received) return boost::system::in_place_value;
    return fail(Failure::unavailable, "the bytes that came are not those that were stored");
}

Result<std::uint64_t> length_of(const http::Reply& reply) {
    const std::string_view text = reply.headers.get("content-length");
    std::uint64_t bytes = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (bad == std::errc{} && end == text.data() + text.size()) return bytes;
    return fail(Failure::unavailable, "the object store says no length");
}

/// What one attempt of a download has so far.
struct Download {
    std::string bytes{};
    std::uint64_t count = 0;
    std::optional<Sha256> hash{};

    void restart() {
        bytes.clear();
        count = 0;
        hash.emplace();
    }
};

S3Sink keep_in_memory(const std::shared_ptr<Download>& download, std::size_t bytes_max) {
    download->restart();
    return [download, bytes_max](std::string_view piece) {
        if (piece.size() > bytes_max - download->bytes.size()) return false;
        download->bytes += piece;
        download->hash->add(piece);
        return true;
    };
}

/// All that writers need of the store; they must not outlive it.
struct Parts {
    explicit Parts(S3Config config) : client(std::move(config)), workers(threads) {}

    std::string whole_key(const std::string& key) const { return client.config().prefix + key; }

    Task<> upload(std::string key, S3Read read, const S3Hashes& hashes) {
        check_key(key);
        if (hashes.parts.size() > 1) co_await sweep_sometimes();
        const std::string whole = whole_key(key);
        const Result<> done = co_await s3_upload(client, whole, std::move(read), hashes);
        if (!done) refuse(with_key(done.error(), key));
    }

    /// What died uploading leaves parts that nobody sees and somebody pays for.
    Task<> sweep_sometimes() {
        const std::int64_t now = client.config().now_ms();
        if (now - swept_ms < sweep_every_ms) co_return;
        swept_ms = now;
        for (const char* root : {"public/", "private/"}) {
            const std::string prefix = whole_key(root);
            const Result<> swept = co_await s3_sweep_uploads(client, prefix, now - abandoned_ms);
            if (!swept) log::warning("old uploads not swept", {{"why", swept.error().message}});
        }
    }

    S3Client client;
    std::int64_t swept_ms = 0;
    Workers workers;
};

/// Keeps what is written in a file without a name, since the key comes last.
class S3Writer final : public Writer {
public:
    explicit S3Writer(Parts& parts)
        : parts_(parts),
          file_(std::make_shared<Fd>(unnamed_file(parts.client.config().spool_directory))) {}

    Task<> write(std::string bytes) override {
        const std::uint64_t most = parts_.client.config().object_bytes_max;
        if (hashes_.bytes + bytes.size() > most) {
            throw std::runtime_error(fmt::format("an object of over {} bytes", most));
        }
        const auto work = [this, &bytes] {
            write_all(file_->get(), bytes);
            hashes_.add(bytes);
        };
        co_await parts_.workers.run(work);
    }

    Task<> commit(std::string key) override {
        hashes_.end();
        const S3Read read = [file = file_](std::uint64_t offset, std::span<char> into) {
            return read_at(*file, offset, into);
        };
        co_await parts_.upload(std::move(key), read, hashes_);
    }

private:
    Parts& parts_;
    std::shared_ptr<Fd> file_;
    S3Hashes hashes_{};
};

class S3ObjectStore final : public ObjectStore {
public:
    explicit S3ObjectStore(S3Config config) : parts_(std::move(config)) {}

    Task<> put(Object object) override {
        check_key(object.key);
        const auto bytes = std::make_shared<const std::string>(std::move(object.bytes));
        S3Hashes hashes;
        const auto work = [&hashes, bytes] {
            hashes.add(*bytes);
            hashes.end();
        };
        co_await parts_.workers.run(work);
        const S3Read read = [bytes](std::uint64_t offset, std::span<char> into) {
            const std::string_view piece = std::string_view(*bytes).substr(offset, into.size());
            std::memcpy(into.data(), piece.data(), piece.size());
            return piece.size();
        };
        co_await parts_.upload(std::move(object.key), read, hashes);
    }

    Task<> put_all(std::vector<Object> batch) override {
        for (const Object& object : batch)
            check_key(object.key);
        const auto work = [this, &batch](std::size_t index) {
            return put_one(std::move(batch[index]));
        };
        const std::size_t at_once = parts_.client.config().calls_max;
        const Result<> done = co_await in_parallel(batch.size(), at_once, work);
        if (!done) refuse(done.error());
    }

    Task<std::unique_ptr<Writer>> writer() override {
        co_return std::make_unique<S3Writer>(parts_);
    }

    Task<Result<std::string>> get(std::string key, std::size_t bytes_max) override {
        check_key(key);
        const auto download = std::make_shared<Download>();
        S3Request request{.key = parts_.whole_key(key)};
        request.sink = [download, bytes_max]() { return keep_in_memory(download, bytes_max); };
        request.accept = [download](const http::Reply& reply) {
            return check_hash(reply, download->hash->hex());
        };
        const Result<http::Reply> reply = co_await parts_.client.send(std::move(request));
        if (reply) co_return std::move(download->bytes);
        if (reply.error().failure == Failure::too_large) {
            co_return fail(Failure::too_large, "{} has over {} bytes", key, bytes_max);
        }
        co_return with_key(reply.error(), key);
    }

    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        check_key(key);
        const auto download = std::make_shared<Download>();
        S3Request request{.key = parts_.whole_key(key)};
        request.headers.add("range", fmt::format("bytes={}-{}", offset, offset + count - 1));
        request.sink = [download, count]() { return keep_in_memory(download, count); };
        request.accept = [offset](const http::Reply& reply) -> Result<> {
            // From a server that knows no ranges all comes, which is right from 0 on.
            const std::string begin = fmt::format("bytes {}-", offset);
            const bool right = reply.status == 206
                                   ? reply.headers.get("content-range").starts_with(begin)
                                   : offset == 0;
            if (right) return boost::system::in_place_value;
            return fail(Failure::unavailable, "other bytes than those asked for");
        };
        const Result<http::Reply> reply = co_await parts_.client.send(std::move(request));
        if (reply) co_return std::move(download->bytes);
        if (reply.error().failure == Failure::precondition) co_return std::string();
        co_return with_key(reply.error(), key);
    }

    Task<Result<Entry>> stat(std::string key) override {
        check_key(key);
        S3Request request{.verb = "HEAD", .key = parts_.whole_key(key)};
        const Result<http::Reply> reply = co_await parts_.client.send(std::move(request));
        if (!reply) co_return with_key(reply.error(), key);
        const Result<std::uint64_t> bytes = length_of(*reply);
        if (!bytes) co_return with_key(bytes.error(), key);
        const auto modified = parse_http_time(std::string(reply->headers.get("last-modified")));
        co_return Entry{key, *bytes, modified.value_or(0),
                        std::string(reply->headers.get(s3_sha256_field))};
    }

    Task<Result<Fd>> open(std::string key) override {
        const Result<Entry> entry = co_await stat(key);
        if (!entry) co_return entry.error();
        const S3Config& config = parts_.client.config();
        if (entry->bytes > config.object_bytes_max) {
            co_return fail(Failure::too_large, "{} has {} bytes", key, entry->bytes);
        }
        const auto file = std::make_shared<Fd>(unnamed_file(config.spool_directory));
        const auto download = std::make_shared<Download>();
        S3Request request{.key = parts_.whole_key(key)};
        request.limit = config.limit + std::chrono::seconds(entry->bytes / s3_slowest_bytes_per_s);
        request.sink = [file, download, most = config.object_bytes_max]() -> S3Sink {
            download->restart();
            return [file, download, most](std::string_view piece) {
                if (piece.size() > most - download->count) return false;
                write_at(*file, download->count, piece);
                download->hash->add(piece);
                download->count += piece.size();
                return true;
            };
        };
        request.accept = [file, download](const http::Reply& reply) {
            cut_file(*file, download->count);  // of a longer attempt before
            return check_hash(reply, download->hash->hex());
        };
        const Result<http::Reply> reply = co_await parts_.client.send(std::move(request));
        if (!reply) co_return with_key(reply.error(), key);
        co_return std::move(*file);
    }

    Task<> remove(std::string key) override {
        check_key(key);
        S3Request request{.verb = "DELETE", .key = parts_.whole_key(key)};
        const Result<http::Reply> reply = co_await parts_.client.send(std::move(request));
        if (!reply && reply.error().failure != Failure::not_found) {
            refuse(with_key(reply.error(), key));
        }
    }

    Task<std::vector<Entry>> list(std::string prefix, std::string after,
                                  std::size_t limit) override {
        std::vector<Entry> found;
        std::string last = std::move(after);
        while (found.size() < limit) {  // ends when full, or with the last page
            const std::string below = parts_.whole_key(prefix);
            const std::string behind = last.empty() ? "" : parts_.whole_key(last);
            const Result<S3Page> page =
                co_await s3_list_page(parts_.client, below, behind, limit - found.size());
            if (!page) refuse(with_key(page.error(), prefix));
            for (const S3Listed& object : page->objects) {
                const std::string key = object.key.substr(parts_.client.config().prefix.size());
                if (is_key(key)) found.push_back({key, object.bytes, object.modified_ms});
                last = key;
            }
            if (!page->more) break;
        }
        co_return found;
    }

private:
    Task<Result<>> put_one(Object object) {
        co_await put(std::move(object));
        co_return Result<>{};
    }

    Parts parts_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_s3_object_store(S3Config config) {
    return std::make_unique<S3ObjectStore>(std::move(config));
}

}  // namespace berth::objects

#include "objects/disk_cache.hpp"

#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "objects/blob_fetch.hpp"
#include "objects/cache_files.hpp"
#include "objects/spool.hpp"

namespace berth::objects {
namespace {

constexpr std::size_t piece_first = 256 << 10;  // most files are no larger: one request
constexpr std::size_t piece_max = 4 << 20;

Error damaged(const BlobName& blob) {
    return fail(Failure::unavailable, "{} has other bytes than its name says", blob.key);
}

/// Adds a file's first bytes to `hash`. Throws: it has fewer, or the disk refused.
void add_file(Sha256& hash, const Fd& file, std::uint64_t bytes) {
    std::string piece(256 << 10, '\0');
    for (std::uint64_t done = 0; done < bytes;) {
        const auto want = std::min<std::uint64_t>(piece.size(), bytes - done);
        const std::size_t count = read_at(file, done, std::span(piece).first(want));
        if (count == 0) throw std::runtime_error("a file of the cache is cut");
        hash.add(std::string_view(piece).substr(0, count));
        done += count;
    }
}

class Cache final : public DiskCache {
public:
    Cache(ObjectStore& store, DiskCacheConfig config)
        : store_(store),
          config_(std::move(config)),
          pool_(config_.threads + 1),
          strand_(asio::make_strand(pool_)),
          files_(config_.directory),
          blobs_(config_.bytes_max) {
        for (CachedBlobs::Blob& blob : files_.sweep())
            take_over(std::move(blob));
    }
    ~Cache() override {
        asio::post(strand_, [this] {
            ending_ = true;
            for (const auto& [sha256, fetch] : fetching_)
                fetch->stop.emit(asio::cancellation_type::terminal);
        });
        pool_.join();
    }

    Task<Result<std::unique_ptr<BlobReader>>> open(BlobName blob) override;
    Task<DiskCacheCounts> counts() override {
        co_return co_await asio::co_spawn(strand_, count(), asio::use_awaitable);
    }

    using Found = Result<std::shared_ptr<BlobFetch>>;

    /// On another thread than any loop's.
    template <class Function>
    auto on_pool(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return co_await asio::co_spawn(pool_, call(std::move(function)), asio::use_awaitable);
    }
    auto& strand() { return strand_; }

    /// On the strand, as all below.
    Task<Result<std::string>> read_store(BlobName blob, std::uint64_t offset, std::size_t count) {
        co_return co_await store_.read(blob.key, offset, count);
    }
    Task<> forget_damaged(std::string sha256) {
        ++counts_.damaged;
        blobs_.forget(sha256);
        files_.remove(sha256);
        co_return;
    }

private:
    template <class Function>
    static auto call(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return function();
    }

    Task<DiskCacheCounts> count() {
        counts_.blobs = blobs_.count();
        counts_.bytes = blobs_.bytes();
        co_return counts_;
    }

    void take_over(CachedBlobs::Blob blob) {
        if (make_room(blob.bytes)) {
            blobs_.keep(std::move(blob));
        } else {
            files_.remove(blob.sha256);
        }
    }

    bool make_room(std::uint64_t bytes) {
        const auto gone = blobs_.reserve(bytes);
        if (!gone) return false;
        for (const std::string& sha256 : *gone)
            files_.remove(sha256);
        counts_.evicted += gone->size();
        return true;
    }

    /// Null: to be read without being kept.
    Task<Found> find(BlobName blob) {
        std::shared_ptr<BlobFetch> kept = co_await find_kept(blob);
        if (kept) {
            ++counts_.hits;
            co_return kept;
        }
        const auto running = fetching_.find(blob.sha256);
        if (running != fetching_.end()) {
            ++counts_.joined;
            co_return running->second;
        }
        const auto missing = missing_.find(blob.sha256);
        if (missing != missing_.end() && missing->second > steady_now_ms()) {
            co_return fail(Failure::not_found, "no object {}", blob.key);
        }
        if (fetching_.size() >= config_.fetches_max || ending_) {
            co_return fail(Failure::limited, "{} blobs are being fetched", fetching_.size());
        }
        co_return begin(std::move(blob));
    }

    Task<std::shared_ptr<BlobFetch>> find_kept(BlobName blob) {
        const CachedBlobs::Blob* kept = blobs_.find(blob.sha256);
        if (kept == nullptr) co_return nullptr;
        // The asker is wrong about a size that we know: its fetch will show it.
        if (kept->trusted && kept->bytes != blob.bytes) co_return nullptr;
        auto whole = std::make_shared<BlobFetch>(strand_, blob);
        whole->file = files_.open(blob.sha256);
        bool good = whole->file && kept->bytes == blob.bytes;
        if (good && !kept->trusted) good = co_await is_undamaged(whole);
        CachedBlobs::Blob* still = blobs_.find(blob.sha256);
        if (!good) {
            if (still != nullptr && !still->trusted) co_await forget_damaged(blob.sha256);
            if (still != nullptr && !whole->file) blobs_.forget(blob.sha256);  // somebody's rm
            co_return nullptr;
        }
        if (still != nullptr) still->trusted = true;
        whole->state = BlobFetch::State::whole;
        whole->shown = blob.bytes;
        co_return whole;
    }

    Task<bool> is_undamaged(std::shared_ptr<BlobFetch> whole) {
        const auto compare = [whole] {
            try {
                Sha256 hash;
                add_file(hash, whole->file, whole->blob.bytes);
                return hash.hex() == whole->blob.sha256;
            } catch (const std::exception&) {
                return false;
            }
        };
        co_return co_await on_pool(compare);
    }

    std::shared_ptr<BlobFetch> begin(BlobName blob) {
        const bool room = make_room(blob.bytes);
        CacheFiles::Draft draft = room ? files_.draft() : CacheFiles::Draft{};
        if (!draft.file) {
            ++counts_.passed_through;
            if (room) blobs_.release(blob.bytes);
            return nullptr;
        }
        ++counts_.fetches;
        auto fetch = std::make_shared<BlobFetch>(strand_, std::move(blob));
        fetch->file = std::move(draft.file);
        fetch->path = std::move(draft.path);
        fetching_[fetch->blob.sha256] = fetch;
        asio::co_spawn(
            strand_, run(fetch),
            asio::bind_cancellation_slot(fetch->stop.slot(), [fetch](std::exception_ptr) {}));
        return fetch;
    }

    Task<> run(std::shared_ptr<BlobFetch> fetch) {
        Result<bool> kept = fail(Failure::unavailable, "ended");
        try {
            kept = co_await bring(fetch);
        } catch (const std::exception& broken) {
            kept = fail(Failure::unavailable, "{}", broken.what());
        }
        const BlobName& blob = fetch->blob;
        fetching_.erase(blob.sha256);
        if (kept && *kept && files_.keep(fetch->path, blob.sha256)) {
            blobs_.keep({.sha256 = blob.sha256, .bytes = blob.bytes, .trusted = true});
        } else {
            blobs_.release(blob.bytes);
            ::unlink(fetch->path.c_str());
        }
        if (!kept && kept.error().failure == Failure::not_found) remember_missing(blob.sha256);
        if (!kept) co_return fetch->end(BlobFetch::State::broken, kept.error());
        if (!*kept) {
            ++counts_.passed_through;
            co_return fetch->end(BlobFetch::State::unkept);
        }
        fetch->shown = blob.bytes;
        fetch->end(BlobFetch::State::whole);
    }

    /// False: the disk refuses.
    Task<Result<bool>> bring(std::shared_ptr<BlobFetch> fetch) {
        const BlobName& blob = fetch->blob;
        const auto hash = std::make_shared<Sha256>();
        std::size_t most = piece_first;
        std::uint64_t have = 0;
        while (have < blob.bytes) {
            const auto want = std::min<std::uint64_t>(most, blob.bytes - have);
            Result<std::string> piece = co_await store_.read(blob.key, have, want);
            if (!piece && piece.error().failure == Failure::not_found && have > 0) {
                co_return fail(Failure::unavailable, "{} went away", blob.key);
            }
            if (!piece) co_return piece.error();
            if (piece->empty() || piece->size() > want) break;  // its hash cannot be right
            const auto keep = [fetch, hash, have, &bytes = *piece] {
                hash->add(bytes);
                try {
                    write_at(fetch->file, have, bytes);
                    return true;
                } catch (const std::exception& refused) {
                    log::warning("blob not kept", {{"why", refused.what()}});
                    return false;
                }
            };
            const bool written = co_await on_pool(keep);
            if (!written) co_return false;
            have += piece->size();
            if (have < blob.bytes) fetch->show(have);
            most = std::min(most * 2, piece_max);
        }
        if (have == blob.bytes && hash->hex() == blob.sha256) co_return true;
        ++counts_.damaged;
        co_return damaged(blob);
    }

    void remember_missing(const std::string& sha256) {
        const std::int64_t now = steady_now_ms();
        if (missing_.size() >= config_.missing_max) {
            std::erase_if(missing_, [now](const auto& each) { return each.second <= now; });
        }
        if (missing_.size() >= config_.missing_max) missing_.clear();
        missing_[sha256] = now + config_.missing_for.count();
    }

    ObjectStore& store_;
    DiskCacheConfig config_;
    asio::thread_pool pool_;  // before all that has timers of it
    asio::strand<asio::thread_pool::executor_type> strand_;
    CacheFiles files_;
    CachedBlobs blobs_;
    std::map<std::string, std::shared_ptr<BlobFetch>> fetching_{};
    std::map<std::string, std::int64_t> missing_{};  // until when
    DiskCacheCounts counts_{};
    bool ending_ = false;
};

/// Reads the store, piece by piece, and keeps nothing but the hash of what passed.
class ThroughReader final : public BlobReader {
public:
    ThroughReader(Cache& cache, BlobName blob) : cache_(cache), blob_(std::move(blob)) {}

    /// Begins where a file that could not be kept ends for its reader. Throws: that cannot be read.
    Task<> go_on(std::shared_ptr<BlobFetch> fetch, std::uint64_t offset) {
        const auto catch_up = [this, fetch, offset] { add_file(hash_, fetch->file, offset); };
        co_await cache_.on_pool(catch_up);
        offset_ = offset;
    }

    /// The first piece, at once: so that what is not there is known before an answer begins.
    Task<Result<>> begin() {
        Result<std::string> first = co_await piece(piece_first);
        if (!first) co_return first.error();
        first_ = std::move(*first);
        co_return Result<>{};
    }

    Task<Result<std::string>> read(std::size_t count) override {
        if (first_.empty()) co_return co_await piece(count);
        std::string bytes = first_.substr(0, count);
        first_.erase(0, bytes.size());
        co_return bytes;
    }

private:
    Task<Result<std::string>> piece(std::size_t count) {
        if (offset_ == blob_.bytes) co_return std::string();
        const auto want =
            std::min({std::uint64_t{count}, std::uint64_t{piece_max}, blob_.bytes - offset_});
        Result<std::string> bytes = co_await asio::co_spawn(
            cache_.strand(), cache_.read_store(blob_, offset_, want), asio::use_awaitable);
        if (!bytes) co_return bytes.error();
        if (bytes->empty() || bytes->size() > want) co_return damaged(blob_);
        const auto add = [this, &bytes] { hash_.add(*bytes); };
        co_await cache_.on_pool(add);
        offset_ += bytes->size();
        if (offset_ == blob_.bytes && hash_.hex() != blob_.sha256) co_return damaged(blob_);
        co_return std::move(bytes);
    }

    Cache& cache_;
    BlobName blob_;
    std::uint64_t offset_ = 0;
    Sha256 hash_{};
    std::string first_{};
};

class FileReader final : public BlobReader {
public:
    FileReader(Cache& cache, std::shared_ptr<BlobFetch> fetch)
        : cache_(cache), fetch_(std::move(fetch)) {}

    Task<Result<std::string>> read(std::size_t count) override {
        if (through_) co_return co_await through_->read(count);
        const BlobProgress progress = co_await asio::co_spawn(
            cache_.strand(), wait_beyond(fetch_, offset_), asio::use_awaitable);
        if (progress.state == BlobFetch::State::broken) co_return progress.error;
        if (progress.state == BlobFetch::State::unkept) {
            through_ = std::make_unique<ThroughReader>(cache_, fetch_->blob);
            co_await through_->go_on(fetch_, offset_);
            co_return co_await through_->read(count);
        }
        const auto want = std::min<std::uint64_t>(count, progress.shown - offset_);
        const auto take = [this, want]() -> Result<std::string> {
            std::string bytes(want, '\0');
            try {
                bytes.resize(read_at(fetch_->file, offset_, bytes));
            } catch (const std::exception& refused) {
                return fail(Failure::unavailable, "{}", refused.what());
            }
            if (bytes.empty() && want > 0) return damaged(fetch_->blob);
            return bytes;
        };
        Result<std::string> bytes = co_await cache_.on_pool(take);
        if (bytes) offset_ += bytes->size();
        if (!bytes) {
            co_await asio::co_spawn(cache_.strand(), cache_.forget_damaged(fetch_->blob.sha256),
                                    asio::use_awaitable);
        }
        co_return bytes;
    }

private:
    Cache& cache_;
    std::shared_ptr<BlobFetch> fetch_;
    std::uint64_t offset_ = 0;
    std::unique_ptr<ThroughReader> through_{};
};

Task<Result<std::unique_ptr<BlobReader>>> Cache::open(BlobName blob) {
    Found found = co_await asio::co_spawn(strand_, find(blob), asio::use_awaitable);
    if (!found) co_return found.error();
    if (*found) {
        const BlobProgress first =
            co_await asio::co_spawn(strand_, wait_beyond(*found, 0), asio::use_awaitable);
        if (first.state == BlobFetch::State::broken) co_return first.error;
        co_return std::make_unique<FileReader>(*this, *found);
    }
    auto through = std::make_unique<ThroughReader>(*this, std::move(blob));
    const Result<> begun = co_await through->begin();
    if (!begun) co_return begun.error();
    co_return std::move(through);
}

}  // namespace

std::unique_ptr<DiskCache> make_disk_cache(ObjectStore& store, DiskCacheConfig config) {
    return std::make_unique<Cache>(store, std::move(config));
}

}  // namespace berth::objects

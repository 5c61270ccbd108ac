#include "objects/disk_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <map>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "objects/blob_readers.hpp"
#include "objects/cache_files.hpp"
#include "objects/spool.hpp"

namespace berth::objects {
namespace {

std::uint64_t size_of(const Fd& file) {
    struct stat info{};
    return ::fstat(file.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

class Cache final : public DiskCache {
public:
    Cache(ObjectStore& store, DiskCacheConfig config)
        : store_(store),
          config_(std::move(config)),
          threads_(store, config_.threads),
          files_(config_.directory),
          blobs_(config_.bytes_max) {
        for (CachedBlobs::Blob& blob : files_.sweep())
            take_over(std::move(blob));
    }
    ~Cache() override { stop(); }

    void break_off() override {
        asio::post(threads_.strand(), [this] {
            ending_ = true;
            const auto running = fetching_;  // one that ends at once takes itself away
            for (const auto& [sha256, fetch] : running)
                fetch->stop.emit(asio::cancellation_type::terminal);
        });
    }
    void stop() override {
        break_off();
        threads_.join();
    }

    Task<Result<OpenBlob>> open(BlobName blob) override;
    Task<Result<Entry>> stat(std::string key) override {
        co_return co_await threads_.on_strand(store_.stat(std::move(key)));
    }
    Task<DiskCacheCounts> counts() override { co_return co_await threads_.on_strand(count()); }

private:
    using Found = Result<std::shared_ptr<BlobFetch>>;

    // All below runs on the strand.

    void forget_damaged(const std::string& sha256) {
        ++counts_.damaged;
        blobs_.forget(sha256);
        files_.remove(sha256);
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
        if (ending_) co_return fail(Failure::unavailable, "the cache ends");
        if (fetching_.size() >= config_.fetches_max) {
            co_return fail(Failure::limited, "{} blobs are being fetched", fetching_.size());
        }
        co_return begin(std::move(blob));
    }

    Task<std::shared_ptr<BlobFetch>> find_kept(BlobName blob) {
        const CachedBlobs::Blob* kept = blobs_.find(blob.sha256);
        if (kept == nullptr) co_return nullptr;
        // The asker is wrong about a size that we know: its fetch will show it.
        if (kept->trusted && kept->bytes != blob.bytes) co_return nullptr;
        auto whole = std::make_shared<BlobFetch>(threads_.strand(), blob);
        whole->file = files_.open(blob.sha256);
        const bool cut = whole->file && size_of(whole->file) != kept->bytes;
        bool good = whole->file && !cut && kept->bytes == blob.bytes;
        if (good && !kept->trusted) good = co_await is_undamaged(whole);
        CachedBlobs::Blob* still = blobs_.find(blob.sha256);
        if (!good) {
            if (still != nullptr && (cut || !still->trusted)) forget_damaged(blob.sha256);
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
        co_return co_await threads_.beside(compare);
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
        auto fetch = std::make_shared<BlobFetch>(threads_.strand(), std::move(blob));
        fetch->file = std::move(draft.file);
        fetch->path = std::move(draft.path);
        fetching_[fetch->blob.sha256] = fetch;
        asio::co_spawn(
            threads_.strand(), run(fetch),
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
        std::size_t most = blob_piece_first;
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
            const bool written = co_await threads_.beside(keep);
            if (!written) co_return false;
            have += piece->size();
            if (have < blob.bytes) fetch->show(have);
            most = std::min(most * 2, blob_piece_max);
        }
        if (have == blob.bytes && hash->hex() == blob.sha256) co_return true;
        ++counts_.damaged;
        co_return damaged_blob(blob);
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
    CacheThreads threads_;  // before all that has timers of them
    CacheFiles files_;
    CachedBlobs blobs_;
    std::map<std::string, std::shared_ptr<BlobFetch>> fetching_{};
    std::map<std::string, std::int64_t> missing_{};  // until when
    DiskCacheCounts counts_{};
    bool ending_ = false;
};

Task<Result<OpenBlob>> Cache::open(BlobName blob) {
    const Found found = co_await threads_.on_strand(find(blob));
    if (!found) co_return found.error();
    const std::shared_ptr<BlobFetch>& fetch = *found;
    if (!fetch) {
        auto through = co_await open_through_reader(threads_, std::move(blob));
        if (!through) co_return through.error();
        co_return OpenBlob{.reader = std::move(*through)};
    }
    const BlobProgress first = co_await threads_.on_strand(wait_beyond(fetch, 0));
    if (first.state == BlobFetch::State::broken) co_return first.error;
    if (first.state == BlobFetch::State::whole) {
        // One that may outlive the cache.
        Fd own(::fcntl(fetch->file.get(), F_DUPFD_CLOEXEC, 0));
        if (own) co_return OpenBlob{.file = std::make_shared<const Fd>(std::move(own))};
    }
    const auto on_damage = [this, sha256 = blob.sha256] {
        asio::post(threads_.strand(), [this, sha256] { forget_damaged(sha256); });
    };
    co_return OpenBlob{.reader = make_file_reader(threads_, fetch, on_damage)};
}

}  // namespace

std::unique_ptr<DiskCache> make_disk_cache(ObjectStore& store, DiskCacheConfig config) {
    return std::make_unique<Cache>(store, std::move(config));
}

}  // namespace berth::objects

#pragma once
/// Blobs of a store that is elsewhere, and their stored forms, by way of a bounded cache on our own
/// disk. From any loop.

#include <atomic>
#include <memory>
#include <string>

#include "base/task.hpp"
#include "edge/stored_forms.hpp"
#include "objects/disk_cache.hpp"

namespace berth::edge {

struct WantedBlob {
    Digest sha256{};
    Coding coding = Coding::identity;
    std::uint64_t bytes = 0;  // of the plain blob

    bool is_same(const WantedBlob& other) const {
        return sha256 == other.sha256 && coding == other.coding;
    }
};

struct BroughtBlob {
    enum class Kind {
        here,         // as a file or, where that is not whole, as a reader
        missing,      // the store has none, or none worth sending
        unavailable,  // it cannot be had now
    } kind = Kind::unavailable;
    WantedBlob wanted{};
    std::shared_ptr<const Fd> file{};
    std::shared_ptr<objects::BlobReader> reader{};  // to be read once, by one
    std::uint64_t bytes = 0;
};

class RemoteBlobs {
public:
    /// `store` must outlive it, and it whatever it gives to read. Throws: the cache's directory
    /// cannot be made.
    RemoteBlobs(objects::ObjectStore& store, objects::DiskCacheConfig config);

    /// Waits while too many are being fetched, `wait_max` at most.
    Task<BroughtBlob> bring(WantedBlob wanted);

    /// A reader ended with an error: a form that was compressed anew meanwhile is another.
    void distrust(const WantedBlob& wanted) { forms_.forget(wanted.sha256, wanted.coding); }

    Task<objects::DiskCacheCounts> counts() { return cache_->counts(); }

    /// As DiskCache::break_off() and stop().
    void break_off() { cache_->break_off(); }
    void stop() { cache_->stop(); }

    static constexpr std::chrono::milliseconds wait_max{10'000};
    static constexpr std::size_t waiting_max = 10'000;

private:
    Task<BroughtBlob> try_bring(const WantedBlob& wanted);
    Task<StoredForms::Answer> look_for(const WantedBlob& wanted, bool& away);
    Task<Result<objects::OpenBlob>> open(objects::BlobName name);

    StoredForms forms_;
    std::unique_ptr<objects::DiskCache> cache_;
    std::atomic<std::size_t> waiting_ = 0;
};

}  // namespace berth::edge

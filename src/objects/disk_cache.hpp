#pragma once
/// Blobs of a remote store on a disk at hand: bounded, by SHA-256, fetched once however many ask,
/// and given on while they come. What is there is served whether the store answers or not. For the
/// edge; whoever has the store's own files needs none.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "objects/object_store.hpp"

namespace berth::objects {

struct DiskCacheConfig {
    std::string directory{};                // of this cache alone; made when it is not there
    std::uint64_t bytes_max = 10ULL << 30;  // with what is being fetched
    std::size_t fetches_max = 32;           // at a time; more are refused
    /// For so long a blob that is not in the store is not asked for again.
    std::chrono::milliseconds missing_for{5'000};
    std::size_t missing_max = 10'000;  // remembered
    std::size_t threads = 2;           // for files and hashes
};

/// What the asker knows of a blob, from a manifest.
struct BlobName {
    std::string key{};     // in the store
    std::string sha256{};  // 64 lower-case hex digits
    std::uint64_t bytes = 0;
};

/// One reader's way through one blob, from the first byte to the last.
class BlobReader {
public:
    virtual ~BlobReader() = default;
    /// One call at a time. The next bytes, at most `count`, as soon as there are some; "" after the
    /// last. The last ones come only once the whole is known to have the right hash. Errors:
    /// unavailable — the rest does not come: the store broke off, or its bytes are not the blob's.
    /// What was read is to be thrown away.
    virtual Task<Result<std::string>> read(std::size_t count) = 0;
};

/// A blob that is whole, as a file that stays readable whatever becomes of the cache; or one that
/// comes, or cannot be kept, by a reader.
struct OpenBlob {
    std::shared_ptr<const Fd> file{};
    std::unique_ptr<BlobReader> reader{};  // where there is no file
};

struct DiskCacheCounts {
    std::uint64_t hits = 0;            // served from what was whole
    std::uint64_t joined = 0;          // read along with a fetch
    std::uint64_t fetches = 0;         // begun
    std::uint64_t passed_through = 0;  // read without being kept
    std::uint64_t evicted = 0;
    std::uint64_t damaged = 0;  // other bytes than the name's, from the store or the disk
    std::uint64_t blobs = 0;    // kept now
    std::uint64_t bytes = 0;    // kept or reserved now
};

class DiskCache {
public:
    virtual ~DiskCache() = default;

    /// May be called from any loop. Waits until something of the blob is there: small ones are
    /// whole then. Errors: not_found; limited — too many fetches at a time; unavailable.
    virtual Task<Result<OpenBlob>> open(BlobName blob) = 0;

    /// What the store says of an object; may be called from any loop. Errors: as ObjectStore::stat.
    virtual Task<Result<Entry>> stat(std::string key) = 0;

    virtual Task<DiskCacheCounts> counts() = 0;

    /// Breaks off what is being fetched, also where the store does not answer: its readers are told
    /// `unavailable`, and so is who asks for more. From any thread; waits for nothing.
    virtual void break_off() = 0;

    /// Breaks off, and waits until nothing of the cache runs any more: an answer that is on its way
    /// must not come to a loop that is gone, so this is called while the loops of all who asked are
    /// there. Nothing is to be asked afterwards. The destructor does it, too.
    virtual void stop() = 0;
};

/// What an earlier process kept is kept, the last written as the last used; its hash is compared
/// before its first use. What a crash left half-written goes. When the disk is full or broken,
/// blobs are read from the store without being kept. `store` must outlive the cache, and the cache
/// its readers. Throws: the directory cannot be made.
std::unique_ptr<DiskCache> make_disk_cache(ObjectStore& store, DiskCacheConfig config);

}  // namespace berth::objects

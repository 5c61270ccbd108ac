#pragma once
/// The ways through a blob of a disk cache: its file, as far as that has come, or the store itself.

#include <boost/asio/thread_pool.hpp>

#include "base/crypto.hpp"
#include "base/workers.hpp"
#include "objects/blob_fetch.hpp"

namespace berth::objects {

constexpr std::size_t blob_piece_first = 256 << 10;  // most files are no larger: one request
constexpr std::size_t blob_piece_max = 4 << 20;

/// The threads of a cache, and the one place where its store is called: its strand, which is a
/// thread of its own.
class CacheThreads {
public:
    CacheThreads(ObjectStore& store, std::size_t threads) : store_(store), pool_(threads) {}

    /// Runs `function()` beside the strand.
    template <class Function>
    auto beside(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return co_await asio::co_spawn(pool_, call(std::move(function)), to_its_end());
    }
    /// Runs `task` on the strand; the caller may be anywhere.
    template <class T>
    Task<T> on_strand(Task<T> task) {
        co_return co_await asio::co_spawn(strand_.get_executor(), std::move(task), to_its_end());
    }
    Task<Result<std::string>> read_store(BlobName blob, std::uint64_t offset, std::size_t count) {
        co_return co_await on_strand(store_.read(blob.key, offset, count));
    }

    asio::thread_pool::executor_type strand() { return strand_.get_executor(); }
    void join() {
        strand_.join();
        pool_.join();
    }

private:
    template <class Function>
    static auto call(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return function();
    }

    ObjectStore& store_;
    asio::thread_pool pool_;
    asio::thread_pool strand_{1};
};

Error damaged_blob(const BlobName& blob);

/// Adds a file's first bytes to `hash`. Throws: it has fewer, or the disk refused.
void add_file(Sha256& hash, const Fd& file, std::uint64_t bytes);

/// Reads the file of a fetch, and the store when the file cannot be kept. `threads` must outlive
/// it. `on_damage` is called, on any thread, when the disk does not give what it took.
std::unique_ptr<BlobReader> make_file_reader(CacheThreads& threads,
                                             std::shared_ptr<BlobFetch> fetch,
                                             std::function<void()> on_damage);

/// Reads the store, piece by piece, and keeps nothing but the hash of what passed. The first piece
/// is read at once, so that what is not there is known before an answer begins. Errors: as
/// ObjectStore::read.
Task<Result<std::unique_ptr<BlobReader>>> open_through_reader(CacheThreads& threads, BlobName blob);

}  // namespace berth::objects

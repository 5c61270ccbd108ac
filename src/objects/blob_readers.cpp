#include "objects/blob_readers.hpp"

#include "objects/spool.hpp"

namespace berth::objects {
namespace {

/// Reads the store, piece by piece, and keeps nothing but the hash of what passed.
class ThroughReader final : public BlobReader {
public:
    ThroughReader(CacheThreads& threads, BlobName blob)
        : threads_(threads), blob_(std::move(blob)) {}

    /// Begins where a file that could not be kept ends for its reader. Throws: that cannot be read.
    Task<> go_on(std::shared_ptr<BlobFetch> fetch, std::uint64_t offset) {
        const auto catch_up = [this, fetch, offset] { add_file(hash_, fetch->file, offset); };
        co_await threads_.beside(catch_up);
        offset_ = offset;
    }

    /// The first piece, at once: so that what is not there is known before an answer begins.
    Task<Result<>> begin() {
        Result<std::string> first = co_await piece(blob_piece_first);
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
            std::min({std::uint64_t{count}, std::uint64_t{blob_piece_max}, blob_.bytes - offset_});
        Result<std::string> bytes = co_await threads_.read_store(blob_, offset_, want);
        if (!bytes) co_return bytes.error();
        if (bytes->empty() || bytes->size() > want) co_return damaged_blob(blob_);
        const auto add = [this, &bytes] { hash_.add(*bytes); };
        co_await threads_.beside(add);
        offset_ += bytes->size();
        if (offset_ == blob_.bytes && hash_.hex() != blob_.sha256) co_return damaged_blob(blob_);
        co_return std::move(bytes);
    }

    CacheThreads& threads_;
    BlobName blob_;
    std::uint64_t offset_ = 0;
    Sha256 hash_{};
    std::string first_{};
};

class FileReader final : public BlobReader {
public:
    FileReader(CacheThreads& threads, std::shared_ptr<BlobFetch> fetch,
               std::function<void()> on_damage)
        : threads_(threads), fetch_(std::move(fetch)), on_damage_(std::move(on_damage)) {}

    Task<Result<std::string>> read(std::size_t count) override {
        if (through_) co_return co_await through_->read(count);
        const BlobProgress progress = co_await threads_.on_strand(wait_beyond(fetch_, offset_));
        if (progress.state == BlobFetch::State::broken) co_return progress.error;
        if (progress.state == BlobFetch::State::unkept) {
            through_ = std::make_unique<ThroughReader>(threads_, fetch_->blob);
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
            if (bytes.empty() && want > 0) return damaged_blob(fetch_->blob);
            return bytes;
        };
        Result<std::string> bytes = co_await threads_.beside(take);
        if (bytes) offset_ += bytes->size();
        if (!bytes) on_damage_();
        co_return bytes;
    }

private:
    CacheThreads& threads_;
    std::shared_ptr<BlobFetch> fetch_;
    std::function<void()> on_damage_;
    std::uint64_t offset_ = 0;
    std::unique_ptr<ThroughReader> through_{};
};

}  // namespace

Error damaged_blob(const BlobName& blob) {
    return fail(Failure::unavailable, "{} has other bytes than its name says", blob.key);
}

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

std::unique_ptr<BlobReader> make_file_reader(CacheThreads& threads,
                                             std::shared_ptr<BlobFetch> fetch,
                                             std::function<void()> on_damage) {
    return std::make_unique<FileReader>(threads, std::move(fetch), std::move(on_damage));
}

Task<Result<std::unique_ptr<BlobReader>>> open_through_reader(CacheThreads& threads,
                                                              BlobName blob) {
    auto reader = std::make_unique<ThroughReader>(threads, std::move(blob));
    const Result<> begun = co_await reader->begin();
    if (!begun) co_return begun.error();
    co_return std::move(reader);
}

}  // namespace berth::objects

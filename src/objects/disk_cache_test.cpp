#include "objects/disk_cache.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/crypto.hpp"
#include "objects/cached_blobs.hpp"
#include "objects/testing.hpp"

namespace berth::objects {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A store that counts its reads, and does to them what a test wants.
class WatchedStore final : public ForwardingObjectStore {
public:
    using ForwardingObjectStore::ForwardingObjectStore;

    std::atomic<int> reads = 0;
    std::atomic<bool> silent = false;
    std::atomic<bool> changes = false;                    // a byte of each answer
    std::atomic<std::uint64_t> held_from = UINT64_MAX;    // reads from there on wait
    std::atomic<std::uint64_t> breaks_from = UINT64_MAX;  // reads from there on fail

    Task<Result<std::string>> read(std::string key, std::uint64_t offset,
                                   std::size_t count) override {
        ++reads;
        const std::chrono::milliseconds nap{1};
        while (offset >= held_from)
            co_await sleep_for(nap);
        if (silent || offset >= breaks_from) co_return fail(Failure::unavailable, "no answer");
        Result<std::string> bytes = co_await real_.read(std::move(key), offset, count);
        if (bytes && changes && !bytes->empty()) bytes->front() ^= 1;
        co_return bytes;
    }
};

class DiskCacheTest : public testing::Test {
protected:
    DiskCacheTest() {
        config_.directory = testing::TempDir() + "berth-disk-cache-" + random_word(8);
        restart();
    }
    ~DiskCacheTest() override {
        store_.held_from = UINT64_MAX;
        cache_.reset();
        fs::remove_all(config_.directory);
    }

    void restart() {
        cache_.reset();
        cache_ = make_disk_cache(store_, config_);
    }

    BlobName put(const std::string& bytes) {
        BlobName blob = name(bytes);
        wait(memory_->put({blob.key, bytes}));
        return blob;
    }
    static BlobName name(const std::string& bytes) {
        const std::string sha256 = sha256_hex(bytes);
        return {"public/blobs/" + sha256.substr(0, 2) + "/" + sha256, sha256, bytes.size()};
    }
    static Task<Result<std::string>> read_rest(BlobReader& reader, std::size_t piece) {
        std::string all;
        while (true) {  // ends with the blob
            Result<std::string> bytes = co_await reader.read(piece);
            if (!bytes) co_return bytes;
            if (bytes->empty()) co_return all;
            all += *bytes;
        }
    }
    std::unique_ptr<BlobReader> open(const BlobName& blob) {
        return reader_of(wait(cache_->open(blob)).value());
    }
    Result<std::string> get(const BlobName& blob, std::size_t piece = 100'000) {
        Result<OpenBlob> opened = wait(cache_->open(blob));
        if (!opened) return opened.error();
        const std::unique_ptr<BlobReader> reader = reader_of(std::move(*opened));
        return wait(read_rest(*reader, piece));
    }
    DiskCacheCounts counts() { return wait(cache_->counts()); }
    std::size_t files() const {
        std::size_t count = 0;
        for (const auto& item : fs::recursive_directory_iterator(config_.directory))
            count += item.is_regular_file() ? 1 : 0;
        return count;
    }

    std::unique_ptr<ObjectStore> memory_ = make_memory_object_store();
    WatchedStore store_{*memory_};
    DiskCacheConfig config_{};
    std::unique_ptr<DiskCache> cache_;
};

const std::string small = "a small blob";
const std::string large = [] {
    std::string bytes(3'000'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 7 + i / 1000);
    return bytes;
}();

TEST_F(DiskCacheTest, fetches_once_and_serves_while_the_store_is_down) {
    for (const std::string& bytes : {small, large, std::string()}) {
        const BlobName blob = put(bytes);
        EXPECT_TRUE(get(blob).value() == bytes);
        const int reads = store_.reads;
        store_.silent = true;
        EXPECT_TRUE(get(blob, 7'777).value() == bytes);
        EXPECT_EQ(store_.reads, reads);
        store_.silent = false;
    }
    EXPECT_EQ(counts().fetches, 3U);
    EXPECT_EQ(counts().hits, 3U);
    EXPECT_EQ(counts().bytes, small.size() + large.size());
    EXPECT_EQ(files(), 3U);
}

TEST_F(DiskCacheTest, gives_on_what_comes_before_the_whole_is_there) {
    const BlobName blob = put(large);
    store_.held_from = 300'000;  // the first piece comes
    const std::unique_ptr<BlobReader> first = open(blob);
    const std::string begin = wait(first->read(1'000'000)).value();
    EXPECT_GT(begin.size(), 100'000U);
    EXPECT_TRUE(large.starts_with(begin));
    const std::unique_ptr<BlobReader> second = open(blob);
    EXPECT_EQ(wait(second->read(10)).value(), large.substr(0, 10));
    EXPECT_EQ(counts().joined, 1U);
    store_.held_from = UINT64_MAX;
    EXPECT_TRUE(begin + wait(read_rest(*first, 50'000)).value() == large);
    EXPECT_TRUE(wait(read_rest(*second, 50'000)).value() == large.substr(10));
    EXPECT_EQ(counts().fetches, 1U);
}

TEST_F(DiskCacheTest, fetches_once_for_all_who_ask_from_any_loop) {
    const BlobName blob = put(large);
    store_.held_from = 0;
    std::atomic<int> right = 0;
    std::vector<std::thread> askers;
    askers.reserve(8);
    for (int i = 0; i < 8; ++i)
        askers.emplace_back([&] { right += get(blob).value() == large ? 1 : 0; });
    while (counts().joined < 7)
        std::this_thread::sleep_for(1ms);
    store_.held_from = UINT64_MAX;
    for (std::thread& each : askers)
        each.join();
    EXPECT_EQ(right, 8);
    EXPECT_EQ(counts().fetches, 1U);
}

TEST_F(DiskCacheTest, cuts_and_forgets_what_has_another_hash) {
    for (const std::string& bytes : {small, large}) {
        const BlobName blob = put(bytes);
        store_.changes = true;
        EXPECT_EQ(get(blob).error().failure, Failure::unavailable);
        EXPECT_EQ(files(), 0U);
        EXPECT_EQ(counts().bytes, 0U);
        store_.changes = false;
        EXPECT_TRUE(get(blob).value() == bytes);
        fs::remove_all(config_.directory + "/blobs");
        restart();
    }
    BlobName longer = put(small);
    longer.bytes += 1;  // the manifest's word
    EXPECT_EQ(get(longer).error().failure, Failure::unavailable);
    BlobName shorter = put(small);
    shorter.bytes -= 1;
    EXPECT_EQ(get(shorter).error().failure, Failure::unavailable);
    EXPECT_EQ(counts().damaged, 2U);
    EXPECT_EQ(get(put(small)).value(), small);
    EXPECT_EQ(get(longer).error().failure, Failure::unavailable);
    EXPECT_EQ(get(put(small)).value(), small);
}

TEST_F(DiskCacheTest, ends_a_stream_that_the_store_breaks_and_begins_anew) {
    const BlobName blob = put(large);
    store_.breaks_from = 300'000;
    EXPECT_EQ(get(blob).error().failure, Failure::unavailable);
    store_.breaks_from = UINT64_MAX;
    EXPECT_TRUE(get(blob).value() == large);
    EXPECT_EQ(files(), 1U);
}

TEST_F(DiskCacheTest, remembers_for_a_while_what_is_not_there) {
    config_.missing_for = 20ms;
    restart();
    const BlobName blob = name(small);
    EXPECT_EQ(get(blob).error().failure, Failure::not_found);
    EXPECT_EQ(get(blob).error().failure, Failure::not_found);
    EXPECT_LE(store_.reads, 2);
    put(small);
    std::this_thread::sleep_for(25ms);
    EXPECT_EQ(get(blob).value(), small);
    store_.silent = true;
    EXPECT_EQ(get(name("other")).error().failure, Failure::unavailable);
    store_.silent = false;
    put("other");
    EXPECT_EQ(get(name("other")).value(), "other");  // silence is not remembered
}

TEST_F(DiskCacheTest, keeps_to_its_bytes_and_forgets_the_longest_unused) {
    config_.bytes_max = 3'000;
    restart();
    const auto blob = [&](char c) { return put(std::string(1'000, c)); };
    for (const char c : {'a', 'b', 'c'})
        ASSERT_TRUE(get(blob(c)));
    ASSERT_TRUE(get(blob('a')));  // used again
    const std::unique_ptr<BlobReader> held = open(blob('b'));
    ASSERT_TRUE(get(blob('d')));
    ASSERT_TRUE(get(blob('e')));  // c went, and now a; b was used last
    EXPECT_EQ(counts().bytes, 3'000U);
    EXPECT_EQ(counts().evicted, 2U);
    EXPECT_EQ(files(), 3U);
    const std::uint64_t fetches = counts().fetches;
    ASSERT_TRUE(get(blob('b')));
    EXPECT_EQ(counts().fetches, fetches);
    ASSERT_TRUE(get(blob('c')));
    EXPECT_EQ(counts().fetches, fetches + 1);
    EXPECT_EQ(wait(read_rest(*held, 100)).value(), std::string(1'000, 'b'));
}

TEST_F(DiskCacheTest, reads_without_keeping_what_is_over_its_bytes) {
    config_.bytes_max = 1'000'000;
    restart();
    const BlobName blob = put(large);
    EXPECT_TRUE(get(blob).value() == large);
    EXPECT_EQ(files(), 0U);
    EXPECT_EQ(counts().passed_through, 1U);
    store_.changes = true;
    EXPECT_EQ(get(blob).error().failure, Failure::unavailable);
    EXPECT_EQ(get(name(std::string(2'000'000, 'n'))).error().failure, Failure::not_found);
}

TEST_F(DiskCacheTest, refuses_more_fetches_than_it_may_run) {
    config_.fetches_max = 1;
    restart();
    const BlobName blob = put(large);
    store_.held_from = 300'000;
    const std::unique_ptr<BlobReader> reader = open(blob);
    EXPECT_EQ(get(put(small)).error().failure, Failure::limited);
    store_.held_from = UINT64_MAX;
    EXPECT_TRUE(wait(read_rest(*reader, 100'000)).value() == large);
    EXPECT_EQ(get(put(small)).value(), small);
}

TEST_F(DiskCacheTest, keeps_what_it_has_through_a_restart) {
    const BlobName blob = put(large);
    ASSERT_TRUE(get(blob));
    ASSERT_TRUE(get(put(small)));
    write_file(config_.directory + "/beside/half", "half");
    write_file(config_.directory + "/blobs/strange", "strange");
    restart();
    EXPECT_EQ(files(), 2U);
    EXPECT_EQ(counts().bytes, large.size() + small.size());
    store_.silent = true;
    EXPECT_TRUE(get(blob).value() == large);

    config_.bytes_max = small.size();  // less than before
    restart();
    EXPECT_LE(counts().bytes, small.size());
    EXPECT_LE(files(), 1U);
}

TEST_F(DiskCacheTest, fetches_again_what_the_disk_changed_meanwhile) {
    const BlobName blob = put(small);
    ASSERT_TRUE(get(blob));
    const std::string path =
        config_.directory + "/blobs/" + blob.sha256.substr(0, 2) + "/" + blob.sha256;
    for (const std::string& instead :
         {std::string("b small blob"), std::string("a"), std::string()}) {
        write_file(path, instead);
        restart();
        EXPECT_EQ(get(blob).value(), small);
    }
    write_file(path, "a");  // under its eyes
    EXPECT_EQ(get(blob).value(), small);
    fs::remove(path);
    EXPECT_EQ(get(blob).value(), small);
}

/// While it lives, no file of this process grows over `bytes`, as if the disk were full.
class SmallDisk {
public:
    explicit SmallDisk(rlim_t bytes) : old_signal_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &old_);
        rlimit small_limit = old_;
        small_limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &small_limit);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_signal_);
    }

private:
    rlimit old_{};
    void (*old_signal_)(int);
};

TEST_F(DiskCacheTest, goes_on_from_the_store_when_the_disk_is_full) {
    const BlobName blob = put(large);
    {
        const SmallDisk disk(1'000'000);
        store_.held_from = 300'000;
        const std::unique_ptr<BlobReader> reader = open(blob);
        const std::string begin = wait(reader->read(200'000)).value();
        store_.held_from = UINT64_MAX;
        EXPECT_TRUE(begin + wait(read_rest(*reader, 100'000)).value() == large);
        EXPECT_EQ(files(), 0U);
        EXPECT_EQ(counts().bytes, 0U);
    }
    EXPECT_TRUE(get(blob).value() == large);
    EXPECT_EQ(files(), 1U);
}

TEST_F(DiskCacheTest, goes_on_from_the_store_when_the_directory_is_gone) {
    fs::remove_all(config_.directory);
    EXPECT_TRUE(get(put(large)).value() == large);
    EXPECT_EQ(counts().passed_through, 1U);
}

TEST_F(DiskCacheTest, gives_files_that_outlive_it) {
    const BlobName blob = put(large);
    ASSERT_TRUE(get(blob));
    OpenBlob opened = wait(cache_->open(blob)).value();
    ASSERT_TRUE(opened.file);
    fs::remove_all(config_.directory);
    cache_.reset();
    EXPECT_TRUE(wait(read_rest(*reader_of(std::move(opened)), 100'000)).value() == large);
}

TEST_F(DiskCacheTest, says_what_the_store_says_of_an_object) {
    const BlobName blob = put(small);
    const Entry entry = wait(cache_->stat(blob.key)).value();
    EXPECT_EQ(entry.bytes, small.size());
    EXPECT_EQ(entry.sha256, blob.sha256);
    EXPECT_EQ(wait(cache_->stat(blob.key + ".br")).error().failure, Failure::not_found);
}

TEST_F(DiskCacheTest, ends_while_it_fetches) {
    const BlobName blob = put(large);
    store_.held_from = 300'000;
    {
        const std::unique_ptr<BlobReader> reader = open(blob);
    }
    cache_.reset();
    EXPECT_EQ(files(), 0U);
}

TEST(CachedBlobs, counts_reservations_as_bytes) {
    CachedBlobs blobs(100);
    EXPECT_TRUE(blobs.reserve(60));
    EXPECT_FALSE(blobs.reserve(41));
    EXPECT_FALSE(blobs.reserve(101));
    EXPECT_TRUE(blobs.reserve(40));
    blobs.keep({"a", 60});
    EXPECT_EQ(blobs.bytes(), 100U);
    blobs.release(40);
    EXPECT_EQ(blobs.reserve(50), std::vector<std::string>{"a"});
    EXPECT_EQ(blobs.find("a"), nullptr);
    EXPECT_EQ(blobs.bytes(), 50U);
    EXPECT_EQ(blobs.count(), 0U);
}

}  // namespace
}  // namespace berth::objects

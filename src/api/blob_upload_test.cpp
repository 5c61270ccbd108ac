#include "api/blob_upload.hpp"

#include <gtest/gtest.h>

#include "artifacts/manifest.hpp"
#include "base/crypto.hpp"
#include "objects/testing.hpp"

namespace berth::api {
namespace {

/// What a worker sends, a few bytes at a time.
class Sent final : public http::BodySource {
public:
    explicit Sent(std::string bytes) : bytes_(std::move(bytes)) {}

    Task<Result<std::size_t>> read(std::span<char> into) override {
        constexpr std::size_t piece_max = 7;
        const std::size_t count = std::min({into.size(), piece_max, bytes_.size() - at_});
        bytes_.copy(into.data(), count, at_);
        at_ += count;
        co_return count;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

template <class Number>
std::string little_endian(Number number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::string framed(const std::string& name, const std::string& bytes) {
    return little_endian(static_cast<std::uint16_t>(name.size())) + name +
           little_endian(static_cast<std::uint64_t>(bytes.size())) + bytes;
}

class BlobUpload : public testing::Test {
protected:
    /// The code of the refusal; "": stored.
    std::string store(const std::string& stream) {
        Sent sent(stream);
        const Result<> stored = wait(store_blobs(*objects_, sent));
        return stored ? "" : stored.error().code;
    }
    std::string stored(const std::string& key) {
        const Result<std::string> text = wait(objects_->get(key, 1 << 20));
        return text ? *text : "none";
    }

    const std::string sha_ = sha256_hex("page");
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
};

TEST_F(BlobUpload, stores_a_blob_and_its_forms) {
    EXPECT_EQ(store(framed(sha_, "page") + framed(sha_ + ".br", "b") + framed(sha_ + ".zst", "z") +
                    framed(sha_ + ".gz", "g")),
              "");
    EXPECT_EQ(stored(artifacts::blob_key(sha_)), "page");
    EXPECT_EQ(stored(artifacts::variant_key(sha_, "br")), "b");
    EXPECT_EQ(stored(artifacts::variant_key(sha_, "zstd")), "z");
    EXPECT_EQ(stored(artifacts::variant_key(sha_, "gzip")), "g");
}

TEST_F(BlobUpload, refuses_other_names) {
    for (const std::string& name :
         {std::string("x"), sha_ + ".xz", sha_ + ".zstd", sha_ + ".", sha_.substr(1), "../" + sha_,
          std::string(64, 'G'), std::string(71, 'a')}) {
        EXPECT_EQ(store(framed(name, "page")), "bad_blob_name") << name;
        EXPECT_EQ(wait(missing_blobs(*objects_, {name})).error().code, "bad_blob_name") << name;
    }
}

TEST_F(BlobUpload, refuses_other_bytes_and_cut_streams) {
    EXPECT_EQ(store(framed(sha_, "pagan")), "blob_hash_mismatch");
    const std::string whole = framed(sha_, "page");
    for (std::size_t size = 1; size < whole.size(); ++size)
        EXPECT_EQ(store(whole.substr(0, size)), "blob_stream_cut") << size;
    EXPECT_EQ(stored(artifacts::blob_key(sha_)), "none");
    EXPECT_EQ(store(""), "");
}

TEST_F(BlobUpload, says_what_the_store_lacks) {
    ASSERT_EQ(store(framed(sha_, "page") + framed(sha_ + ".br", "b")), "");
    const std::vector<std::string> asked{sha_, sha_ + ".br", sha_ + ".zst", sha256_hex("other")};
    EXPECT_EQ(wait(missing_blobs(*objects_, asked)).value(),
              (std::vector<std::string>{sha_ + ".zst", sha256_hex("other")}));
}

TEST_F(BlobUpload, calls_nothing_missing_while_the_store_is_silent) {
    objects::SilentObjectStore silent(*objects_);
    silent.silent = true;
    EXPECT_EQ(wait(missing_blobs(silent, {sha_})).error().failure, Failure::unavailable);
}

}  // namespace
}  // namespace berth::api

#include "api/form_upload.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include "artifacts/manifest.hpp"
#include "base/crypto.hpp"
#include "objects/testing.hpp"

namespace berth::api {
namespace {

std::string packed(const std::string& text, int level) {
    std::string form(ZSTD_compressBound(text.size()), '\0');
    form.resize(ZSTD_compress(form.data(), form.size(), text.data(), text.size(), level));
    return form;
}

template <class Number>
std::string little_endian(Number number) {
    return {reinterpret_cast<const char*>(&number), sizeof number};
}

std::string framed(const std::string& name, const std::string& bytes) {
    return little_endian(static_cast<std::uint16_t>(name.size())) + name +
           little_endian(static_cast<std::uint64_t>(bytes.size())) + bytes;
}

class FormUpload : public testing::Test {
protected:
    FormUpload() {
        for (int i = 0; i < 4'000; ++i)
            text_ += fmt::format("line {} of {}\n", i * 7919 % 997, i % 13);
        sha_ = sha256_hex(text_);
        put(artifacts::blob_key(sha_), text_);
        put(artifacts::variant_key(sha_, "zstd"), packed(text_, 1));
    }
    void put(const std::string& key, const std::string& bytes) {
        wait(objects_->put({key, bytes}));
    }
    /// The code of the refusal; "": taken.
    std::string send(const std::string& stream) {
        const Result<> stored = wait(store_forms(*objects_, workers_, stream));
        return stored ? "" : stored.error().code;
    }
    std::string form() {
        const auto text = wait(objects_->get(artifacts::variant_key(sha_, "zstd"), 1 << 20));
        return text ? *text : "none";
    }

    std::string text_{};
    std::string sha_{};
    Workers workers_{1};
    std::unique_ptr<objects::ObjectStore> objects_ = objects::make_memory_object_store();
};

TEST_F(FormUpload, puts_a_smaller_form_in_the_place_of_the_stored_one) {
    const std::string dense = packed(text_, 19);
    ASSERT_LT(dense.size(), packed(text_, 1).size());
    EXPECT_EQ(send(framed(sha_ + ".zst", dense)), "");
    EXPECT_EQ(form(), dense);
    EXPECT_EQ(send(framed(sha_ + ".zst", packed(text_, 1))), "") << "not smaller: no error";
    EXPECT_EQ(form(), dense);
    EXPECT_EQ(send(""), "");
}

TEST_F(FormUpload, leaves_out_what_has_no_place) {
    const std::string other = text_ + "more";
    const std::string sha = sha256_hex(other);
    EXPECT_EQ(send(framed(sha + ".zst", packed(other, 19))), "");
    EXPECT_FALSE(wait(objects_->stat(artifacts::variant_key(sha, "zstd"))));
    put(artifacts::blob_key(sha), other);
    EXPECT_EQ(send(framed(sha + ".zst", packed(other, 19))), "") << "it was never stored so";
    EXPECT_FALSE(wait(objects_->stat(artifacts::variant_key(sha, "zstd"))));
}

TEST_F(FormUpload, refuses_what_is_no_form_of_that_blob_and_stores_nothing) {
    const std::string before = form();
    const std::string good = framed(sha_ + ".zst", packed(text_, 19));
    std::string other = text_;
    other[100] ^= 1;
    for (const std::string& bad : {packed(other, 19), packed(text_.substr(1), 19),
                                   packed(text_ + "x", 19), std::string("x"), std::string()}) {
        ASSERT_LT(bad.size(), before.size());
        EXPECT_EQ(send(good + framed(sha_ + ".zst", bad)), "blob_hash_mismatch");
        EXPECT_EQ(form(), before);
    }
    EXPECT_EQ(send(framed(sha_, text_)), "bad_blob_name") << "forms alone";
    EXPECT_EQ(send(framed("../" + sha_, "x")), "bad_blob_name");
    for (std::size_t size = 1; size < good.size(); size += 97)
        EXPECT_EQ(send(good.substr(0, size)), "blob_stream_cut") << size;
    EXPECT_EQ(send(good + "x"), "blob_stream_cut");
    EXPECT_EQ(form(), before);
}

}  // namespace
}  // namespace berth::api

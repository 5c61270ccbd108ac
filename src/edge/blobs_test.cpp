#include "edge/blobs.hpp"

#include <gtest/gtest.h>

#include "edge/testing.hpp"

namespace berth::edge {
namespace {

class BlobsTest : public testing::Test {
protected:
    static PreparedKey key(Coding coding) {
        PreparedKey made;
        made.sha256.fill(1);
        made.coding = coding;
        return made;
    }
    void remember(Coding coding) {
        auto prepared = std::make_shared<Prepared>();
        prepared->body = "body";
        blobs_.remember(key(coding), std::move(prepared));
    }
    std::int64_t now_ms_ = 1'000'000;
    Blobs blobs_{"/nowhere", 1 << 20, [this] { return now_ms_; }};
};

TEST_F(BlobsTest, a_form_is_opened_again_after_a_while_and_the_plain_bytes_never) {
    remember(Coding::br);
    remember(Coding::identity);
    now_ms_ += Blobs::form_ms_max - 1;
    EXPECT_NE(blobs_.find(key(Coding::br)), nullptr);
    now_ms_ += 1;
    EXPECT_EQ(blobs_.find(key(Coding::br)), nullptr);
    EXPECT_NE(blobs_.find_old(key(Coding::br)), nullptr) << "for when the store is away";
    EXPECT_NE(blobs_.find(key(Coding::identity)), nullptr);
    remember(Coding::br);
    EXPECT_NE(blobs_.find(key(Coding::br)), nullptr);
}

TEST_F(BlobsTest, a_missing_form_is_looked_for_again_after_a_while) {
    blobs_.remember_missing(key(Coding::gzip));
    EXPECT_TRUE(blobs_.is_known_missing(key(Coding::gzip)));
    EXPECT_EQ(blobs_.find(key(Coding::gzip)), nullptr);
    EXPECT_EQ(blobs_.find_old(key(Coding::gzip)), nullptr);
    now_ms_ += Blobs::missing_ms_max;
    EXPECT_FALSE(blobs_.is_known_missing(key(Coding::gzip)));
}

}  // namespace
}  // namespace berth::edge

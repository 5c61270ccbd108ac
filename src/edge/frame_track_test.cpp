#include "edge/frame_track.hpp"

#include <gtest/gtest.h>

#include <random>

#include "edge/websocket_testing.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;

struct Cut {
    std::string bytes{};
    std::vector<std::size_t> ends{};  // of frames
};

Cut frames_of_every_kind() {
    Cut cut;
    for (const std::size_t size :
         std::initializer_list<std::size_t>{0, 1, 125, 126, 127, 65'535, 65'536}) {
        for (const Masked masked : {Masked::no, Masked::yes}) {
            cut.bytes += encode({0x82, noise(size)}, masked);
            cut.ends.push_back(cut.bytes.size());
        }
    }
    cut.bytes += encode({0x02, "begun", 8}, Masked::no);  // a longer size than needed
    cut.ends.push_back(cut.bytes.size());
    return cut;
}

TEST(FrameTrack, finds_every_boundary_however_the_bytes_are_cut) {
    const Cut cut = frames_of_every_kind();
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        FrameTrack track;
        std::size_t at = 0;
        while (at < cut.bytes.size()) {
            const std::size_t most = round % 3 == 0 ? 3 : 30'000;
            const std::size_t size =
                std::min<std::size_t>(1 + random() % most, cut.bytes.size() - at);
            track.take(std::string_view(cut.bytes).substr(at, size));
            at += size;
            const bool end = std::ranges::find(cut.ends, at) != cut.ends.end();
            ASSERT_EQ(track.is_at_boundary(), end) << at;
        }
        EXPECT_FALSE(track.is_closed());
    }
}

TEST(FrameTrack, takes_no_more_than_the_frame_at_hand) {
    const Cut cut = frames_of_every_kind();
    FrameTrack track;
    std::string_view rest = cut.bytes;
    for (const std::size_t end : cut.ends) {
        EXPECT_EQ(cut.bytes.size() - rest.size() + track.take_frame(rest), end);
        rest = std::string_view(cut.bytes).substr(end);
        EXPECT_TRUE(track.is_at_boundary());
    }
    EXPECT_EQ(track.take_frame(rest), 0U);
}

TEST(FrameTrack, knows_a_close_when_it_is_whole) {
    const std::string close = encode({0x88, close_payload(1000, "why")}, Masked::yes);
    FrameTrack track;
    for (const char byte : close) {
        EXPECT_FALSE(track.is_closed());
        track.take({&byte, 1});
    }
    EXPECT_TRUE(track.is_closed());
    track.take(encode({0x81, "more"}, Masked::no));
    EXPECT_TRUE(track.is_closed());
}

}  // namespace
}  // namespace berth::edge

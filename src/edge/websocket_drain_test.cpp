/// WebSockets through an edge that is to end: the visitor is told between two frames to come again,
/// whatever is under way, and never inside of one.

#include <gtest/gtest.h>

#include "edge/running_edge.hpp"
#include "edge/websocket_testing.hpp"

namespace berth::edge {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

const std::string restart = encode({0x88, close_payload(1012, "")}, Masked::no);
const std::string agreed = encode({0x88, close_payload(1012, "")}, Masked::yes);

class WebSocketDrain : public testing::Test {
protected:
    WebSocketDrain() : listening_(http::listen_unix(store_ / "api.sock")) {
        EdgeLimits limits;
        limits.close_limit = 300ms;
        edge_.emplace(store_, limits);
        visitor_ = raw::connect_to(edge_->port());
        raw::send_text(visitor_, hello());
        api_ = accept_from(listening_);
        raw::receive_until(api_, "\r\n\r\n");
        raw::send_text(api_, switched());
        // One byte at a time: what follows must stay in the socket.
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            const std::string byte = receive_exactly(visitor_, 1);
            if (byte.empty()) break;
            head += byte;
        }
        EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    }

    /// From the api to the visitor, seen by it.
    void pass(std::string_view bytes) {
        raw::send_text(api_, bytes);
        EXPECT_EQ(receive_exactly(visitor_, bytes.size()), bytes);
    }

    bool visitor_hears_nothing() const {
        pollfd more{visitor_.get(), POLLIN, 0};
        return ::poll(&more, 1, 50) == 0;
    }

    /// The visitor was told once, agrees, and both ends end.
    void expect_goodbye() {
        EXPECT_EQ(receive_exactly(visitor_, restart.size()), restart);
        raw::send_text(visitor_, agreed);
        const Received rest = receive_to_end(visitor_);
        EXPECT_TRUE(rest.closed);
        EXPECT_EQ(rest.bytes, "");
        const Received at_api = receive_to_end(api_);
        EXPECT_TRUE(at_api.closed);
        EXPECT_EQ(at_api.bytes, agreed);
    }

    Store store_;
    Fd listening_;
    std::optional<RunningEdge> edge_;
    Fd visitor_;
    Fd api_;
};

TEST_F(WebSocketDrain, says_come_again_where_nothing_is_said) {
    pass(encode({0x82, noise(300)}, Masked::no));
    edge_->drain(5s);
    expect_goodbye();
}

TEST_F(WebSocketDrain, says_it_before_anything_was_said) {
    edge_->drain(5s);
    expect_goodbye();
}

TEST_F(WebSocketDrain, lets_a_large_frame_end_first) {
    const std::string frame = encode({0x82, noise(300'000)}, Masked::no);
    pass(frame.substr(0, 150'000));
    edge_->drain(5s);
    EXPECT_TRUE(visitor_hears_nothing());
    const std::string next = encode({0x82, noise(100)}, Masked::no);
    std::thread api([&] { raw::send_text(api_, frame.substr(150'000) + next); });
    EXPECT_TRUE(receive_exactly(visitor_, 150'000 + frame.size() - 300'000) ==
                frame.substr(150'000));
    api.join();
    expect_goodbye();
}

TEST_F(WebSocketDrain, waits_for_the_rest_of_a_frames_head) {
    const std::string frame = encode({0x82, noise(300)}, Masked::no);
    pass(frame.substr(0, 3));
    edge_->drain(5s);
    EXPECT_TRUE(visitor_hears_nothing());
    raw::send_text(api_, frame.substr(3));
    EXPECT_EQ(receive_exactly(visitor_, frame.size() - 3), frame.substr(3));
    expect_goodbye();
}

TEST_F(WebSocketDrain, may_come_between_the_fragments_of_a_message) {
    pass(encode({0x02, noise(70'000)}, Masked::no));
    edge_->drain(5s);
    expect_goodbye();
}

TEST_F(WebSocketDrain, takes_what_the_visitor_had_still_to_say) {
    edge_->drain(5s);
    EXPECT_EQ(receive_exactly(visitor_, restart.size()), restart);
    const std::string last = encode({0x81, "last words"}, Masked::yes);
    raw::send_text(visitor_, last + agreed);
    EXPECT_EQ(receive_to_end(api_).bytes, last + agreed);
    EXPECT_TRUE(receive_to_end(visitor_).closed);
}

TEST_F(WebSocketDrain, does_not_wait_long_for_a_visitor_who_says_nothing) {
    edge_->drain(60s);
    EXPECT_EQ(receive_exactly(visitor_, restart.size()), restart);
    EXPECT_TRUE(receive_to_end(visitor_).closed);
    EXPECT_TRUE(receive_to_end(api_).closed);
}

TEST_F(WebSocketDrain, adds_nothing_to_an_end_that_is_under_way) {
    const std::string close = encode({0x88, close_payload(1000, "done")}, Masked::no);
    pass(close);
    edge_->drain(5s);
    EXPECT_TRUE(visitor_hears_nothing());
    raw::send_text(visitor_, encode({0x88, close_payload(1000, "")}, Masked::yes));
    api_ = {};
    const Received rest = receive_to_end(visitor_);
    EXPECT_TRUE(rest.closed);
    EXPECT_EQ(rest.bytes, "");
}

TEST_F(WebSocketDrain, cuts_a_frame_that_does_not_end_at_the_limit) {
    pass(encode({0x82, noise(300)}, Masked::no).substr(0, 100));
    edge_->drain(100ms);
    const Received rest = receive_to_end(visitor_);
    EXPECT_TRUE(rest.closed);
    EXPECT_EQ(rest.bytes, "");
}

}  // namespace
}  // namespace berth::edge

/// HTTP/2 at an edge that is to end: goodbye is said twice (RFC 9113 §6.8), and what comes in
/// between is served.

#include <gtest/gtest.h>

#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/h2_testing.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;

class H2DrainTest : public testing::Test {
protected:
    H2DrainTest() {
        store_.deploy("dpl_1", {{"index.html", "<h1>hello</h1>"},
                                {"large.bin", std::string(3'000'000, 'l')}});
        store_.publish(store_.route("shop.test", "dpl_1"));
        EdgeConfig config;
        config.listening_tls.push_back(http::listen_tcp("127.0.0.1", 0));
        tls_port_ = http::port_of(config.listening_tls[0]);
        config.certificates =
            http::CertificateSet::make({raw::make_certificate("all", {"shop.test"})}).set;
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    ~H2DrainTest() override {
        edge_->stop();
        if (thread_.joinable()) thread_.join();
    }

    testing_support::Store store_;
    std::uint16_t tls_port_ = 0;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
};

/// By hand: nghttp2 reads nothing more from a server that said goodbye while no stream is open.
struct RawFrame {
    unsigned type = 0;
    std::uint32_t stream = 0;
    std::string payload{};
    std::uint32_t number() const {  // the first of the payload
        std::uint32_t value = 0;
        for (const char byte : payload.substr(0, 4))
            value = value << 8U | static_cast<std::uint8_t>(byte);
        return value;
    }
};

std::vector<RawFrame> frames_of(std::string_view bytes) {
    std::vector<RawFrame> frames;
    const auto at = [&](std::size_t index) { return static_cast<std::uint8_t>(bytes[index]); };
    while (bytes.size() >= 9) {
        const std::size_t size = std::size_t{at(0)} << 16U | std::size_t{at(1)} << 8U | at(2);
        const std::uint32_t stream = static_cast<std::uint32_t>(at(5)) << 24U |
                                     static_cast<std::uint32_t>(at(6)) << 16U |
                                     static_cast<std::uint32_t>(at(7)) << 8U | at(8);
        frames.push_back({at(3), stream, std::string(bytes.substr(9, size))});
        bytes.remove_prefix(std::min(bytes.size(), 9 + size));
    }
    return frames;
}

constexpr unsigned headers_frame = 1;
constexpr unsigned ping_frame = 6;
constexpr unsigned goaway_frame = 7;
constexpr std::string_view first_goodbye("\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0", 14);

const std::string get_block = std::string("\x82\x87\x84\x41\x09", 5) + "shop.test";

TEST_F(H2DrainTest, says_goodbye_twice_and_serves_what_comes_in_between) {
    raw::H2Client client(tls_port_, "shop.test");
    EXPECT_EQ(client.get("shop.test", "/").status, 200);
    client.push();
    edge_->drain(10s);
    const std::string first = client.tls().receive_until(first_goodbye);
    ASSERT_NE(first.find(first_goodbye), first.npos);
    EXPECT_EQ(frames_of(first).front().type, ping_frame);
    // On its way when the goodbye came.
    client.tls().send(raw::h2_frame(headers_frame, 5, 3, get_block));
    client.tls().send(raw::h2_frame(ping_frame, 1, 0, frames_of(first).front().payload));
    const std::vector<RawFrame> rest = frames_of(client.tls().receive_all());
    ASSERT_FALSE(rest.empty());
    EXPECT_EQ(rest.front().type, headers_frame);
    EXPECT_EQ(rest.front().stream, 3U);
    EXPECT_EQ(rest.back().type, goaway_frame);
    EXPECT_EQ(rest.back().number(), 3U) << "the last stream that is served";
    EXPECT_TRUE(client.tls().ended_well());
    thread_.join();
}

TEST_F(H2DrainTest, lets_streams_end_that_run) {
    raw::H2Client client(tls_port_, "shop.test");
    const int large = client.begin("GET", "shop.test", "/large.bin");
    client.run([&] { return !client.replies()[large].body.empty(); });
    edge_->drain(10s);
    client.run([&] { return client.replies()[large].over; });
    EXPECT_EQ(client.replies()[large].body.size(), 3'000'000U);
    EXPECT_EQ(client.replies()[large].code, 0U);
    EXPECT_EQ(client.last_streams(), (std::vector<std::int32_t>{0x7fffffff}));
    const std::vector<RawFrame> rest = frames_of(client.tls().receive_all());
    ASSERT_FALSE(rest.empty());
    EXPECT_EQ(rest.back().type, goaway_frame);
    EXPECT_EQ(rest.back().number(), static_cast<std::uint32_t>(large));
    thread_.join();
}

}  // namespace
}  // namespace berth::edge

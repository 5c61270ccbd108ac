#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "edge/edge.hpp"
#include "edge/testing.hpp"
#include "http/acceptor.hpp"
#include "http/testing.hpp"

namespace berth::edge {
namespace {

using namespace std::chrono_literals;
namespace raw = http::testing_support;

/// An api that says what a test wants, byte by byte, once per connection.
class Script {
public:
    /// Answers once it has heard `until`.
    Script(Fd listening, std::string reply, std::string until)
        : listening_(std::move(listening)), reply_(std::move(reply)), until_(std::move(until)) {
        thread_ = std::thread([this] { run(); });
    }
    ~Script() {
        ending_ = true;
        thread_.join();
    }
    int connections() const { return connections_; }
    std::string heard() {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

private:
    void run() {
        while (!ending_) {
            pollfd ready{listening_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 5) != 1) continue;
            const Fd socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!socket) continue;
            ++connections_;
            const std::string head = raw::receive_until(socket, until_);
            {
                const std::lock_guard lock(mutex_);
                heard_ += head;
            }
            raw::send_text(socket, reply_);
        }
    }

    Fd listening_;
    std::string reply_;
    std::string until_;
    std::mutex mutex_{};
    std::string heard_{};
    std::atomic<int> connections_ = 0;
    std::atomic<bool> ending_ = false;
    std::thread thread_{};
};

class RelayTest : public testing::Test {
protected:
    ~RelayTest() override {
        if (!edge_) return;
        edge_->stop();
        thread_.join();
    }
    void answer_with(std::string reply, std::string until = "\r\n\r\n") {
        script_.emplace(http::listen_unix(store_ / "api.sock"), std::move(reply), std::move(until));
        if (edge_) return;
        EdgeConfig config;
        config.listening.push_back(http::listen_tcp("127.0.0.1", 0));
        port_ = http::port_of(config.listening[0]);
        config.public_directory = store_.public_directory();
        config.state_directory = store_.state_directory();
        config.platform_hosts = {"berth.test"};
        config.api_socket = store_ / "api.sock";
        config.limits.end_limit = 200ms;
        config.limits.write_limit = 60ms;
        edge_ = std::make_unique<Edge>(std::move(config));
        thread_ = std::thread([this] { edge_->run(); });
    }
    std::string get(const std::string& fields = "") {
        return raw::exchange(
            port_, "GET / HTTP/1.1\r\nHost: berth.test\r\nConnection: close\r\n" + fields + "\r\n");
    }
    /// Ends when the edge holds no connection any more.
    bool is_left_alone() {
        for (int i = 0; i < 2500 && edge_->counters().connections_open > 0; ++i)
            std::this_thread::sleep_for(2ms);
        return edge_->counters().connections_open == 0;
    }

    testing_support::Store store_;
    std::optional<Script> script_;
    std::unique_ptr<Edge> edge_;
    std::thread thread_;
    std::uint16_t port_ = 0;
};

const std::string switched =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
const std::string hello =
    "GET /socket HTTP/1.1\r\nHost: berth.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

TEST_F(RelayTest, passes_the_final_answer_over_interim_ones) {
    answer_with(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    const std::string reply = get();
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n")) << reply;
    EXPECT_TRUE(reply.ends_with("\r\n\r\nhi"));
    EXPECT_EQ(reply.find("Link"), reply.npos);
}

TEST_F(RelayTest, reads_and_drops_the_trailers_of_a_request) {
    answer_with("HTTP/1.1 204 No Content\r\n\r\n", "0\r\n\r\n");
    const std::string reply = raw::exchange(
        port_,
        "POST / HTTP/1.1\r\nHost: berth.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n"
        "TE: trailers\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"
        "GET / HTTP/1.1\r\nHost: no.test\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 204 ")) << reply;
    EXPECT_NE(reply.find("unknown_host"), reply.npos)
        << "the next request was not found: " << reply;
    const std::string heard = script_->heard();
    EXPECT_TRUE(heard.ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) << heard;
    EXPECT_EQ(heard.find("trailer"), heard.npos) << heard;
    EXPECT_EQ(heard.find("x-sum"), heard.npos) << heard;
}

TEST_F(RelayTest, drops_the_trailers_of_an_answer) {
    answer_with(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n");
    const std::string reply = get();
    EXPECT_TRUE(reply.ends_with("\r\n\r\n2\r\nhi\r\n0\r\n\r\n")) << reply;
    EXPECT_EQ(reply.find("X-Sum"), reply.npos);
    EXPECT_EQ(reply.find("x-sum"), reply.npos);
}

TEST_F(RelayTest, answers_502_to_what_makes_no_sense) {
    for (const std::string reply :
         {"", "rubbish", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/2 200\r\n\r\n",
          "HTTP/1.1 099 Low\r\n\r\n", "HTTP/1.1 2000 High\r\n\r\n", "HTTP/1.1 20x\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
          "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
        script_.reset();
        answer_with(reply);
        EXPECT_TRUE(get().starts_with("HTTP/1.1 502")) << reply;
    }
}

TEST_F(RelayTest, cuts_what_the_api_cut) {
    answer_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi");
    EXPECT_TRUE(get().ends_with("\r\n\r\nhi"));
    script_.reset();
    answer_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    EXPECT_TRUE(get().ends_with("2\r\nhi\r\n"));  // no last chunk: it was not whole
}

TEST_F(RelayTest, takes_nothing_left_over_for_the_next_answer) {
    answer_with(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: "
        "4\r\n\r\nevil");
    for (int i = 0; i < 3; ++i) {
        const std::string reply = get();
        EXPECT_TRUE(reply.ends_with("\r\n\r\nhi")) << reply;
        EXPECT_EQ(reply.find("evil"), reply.npos);
    }
    EXPECT_EQ(script_->connections(), 3);
}

TEST_F(RelayTest, drops_what_any_connection_field_names) {
    answer_with("HTTP/1.1 204 No Content\r\n\r\n");
    get("Connection: x-first\r\nConnection: x-second\r\nX-First: 1\r\nX-Second: 2\r\nX-Third: "
        "3\r\n");
    const std::string heard = script_->heard();
    EXPECT_EQ(heard.find("x-first"), heard.npos) << heard;
    EXPECT_EQ(heard.find("x-second"), heard.npos) << heard;
    EXPECT_NE(heard.find("x-third: 3\r\n"), heard.npos) << heard;
}

TEST_F(RelayTest, ends_a_conversation_that_the_api_has_ended) {
    answer_with(switched);
    const Fd visitor = raw::connect_to(port_);
    raw::send_text(visitor, hello);
    const std::string reply = raw::receive_all(visitor);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 101")) << reply;
    EXPECT_TRUE(is_left_alone());  // though the visitor never closes
}

TEST_F(RelayTest, ends_a_conversation_that_the_visitor_does_not_read) {
    std::string more_than_fits;
    more_than_fits.resize(20'000'000, 'x');
    answer_with(switched + more_than_fits);
    const Fd visitor = raw::connect_to(port_);
    raw::send_text(visitor, hello);
    raw::receive_until(visitor, "\r\n\r\n");
    EXPECT_TRUE(is_left_alone());
}

}  // namespace
}  // namespace berth::edge

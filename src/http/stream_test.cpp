#include "http/stream.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <filesystem>

namespace berth::http {
namespace {

constexpr std::size_t plenty = 120'000;  // fits the buffer of a unix socket

class StreamTest : public testing::Test {
protected:
    StreamTest() {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("pair");
        peer_.reset(pair[0]);
        stream_.emplace(loop_.get_executor(), deadlines_, Fd(pair[1]));
    }
    /// Whether something else on the loop has its turn before `task` ends.
    bool gives_way(Task<> task) {
        bool gave_way = false;
        asio::co_spawn(loop_, watch(std::move(task), gave_way),
                       [](std::exception_ptr broken) { EXPECT_FALSE(broken); });
        loop_.run();
        return gave_way;
    }
    Task<> watch(Task<> task, bool& gave_way) {
        const auto ended = std::make_shared<bool>(false);
        asio::post(loop_, [ended, &gave_way] { gave_way = !*ended; });
        co_await std::move(task);
        *ended = true;
    }

    /// Runs it on the stream's own loop.
    bool wait(Task<bool> task) {
        std::optional<bool> value;
        asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr broken, bool result) {
            EXPECT_FALSE(broken);
            value = result;
        });
        loop_.restart();
        loop_.run();
        return value.value();
    }

    asio::io_context loop_{1};
    Deadlines deadlines_{loop_.get_executor()};
    Fd peer_{};
    std::optional<Stream> stream_;
};

Task<> take(Stream& stream, std::size_t bytes) {
    while (bytes > 0) {
        const bool more = co_await stream.fill();
        if (!more) co_return;
        bytes -= stream.buffered().size();
        stream.consume(stream.buffered().size());
    }
}

Task<> send_pieces(Stream& stream, int times) {
    const std::string piece(8'000, 'p');
    for (int i = 0; i < times; ++i) {
        const bool sent = co_await stream.write(piece);
        if (!sent) co_return;
    }
}

// A peer that always has more must not keep the loop from everybody else.
TEST_F(StreamTest, gives_way_while_it_receives_without_waiting) {
    write_all(peer_.get(), std::string(plenty, 'x'));
    EXPECT_TRUE(gives_way(take(*stream_, plenty)));
    EXPECT_EQ(stream_->received_bytes(), plenty);
}

TEST_F(StreamTest, gives_way_while_it_sends_without_waiting) {
    EXPECT_TRUE(gives_way(send_pieces(*stream_, 15)));
    EXPECT_EQ(stream_->sent_bytes(), 120'000U);
}

TEST_F(StreamTest, says_when_the_peer_has_ended) {
    write_all(peer_.get(), "last");
    peer_.reset(-1);
    EXPECT_TRUE(wait(stream_->fill()));
    EXPECT_EQ(stream_->buffered(), "last");
    EXPECT_FALSE(wait(stream_->fill()));
    EXPECT_TRUE(stream_->peer_gone());
    EXPECT_FALSE(wait(stream_->write("x")));
}

TEST_F(StreamTest, holds_no_memory_of_what_was_consumed) {
    write_all(peer_.get(), std::string(10'000, 'x') + "rest");
    EXPECT_EQ(stream_->try_fill(), 1);
    stream_->consume(10'000);
    EXPECT_EQ(stream_->buffered(), "rest");
    EXPECT_EQ(stream_->try_fill(), 0);
    stream_->consume(4);
    EXPECT_EQ(stream_->buffered(), "");
}

TEST_F(StreamTest, refuses_to_send_more_of_a_file_than_there_is) {
    std::string path = std::filesystem::temp_directory_path() / "berth-stream-XXXXXX";
    const Fd file(::mkstemp(path.data()));
    ::unlink(path.c_str());
    write_all(file.get(), "short");
    EXPECT_TRUE(wait(stream_->send_file(file.get(), 1, 4)));
    EXPECT_FALSE(wait(stream_->send_file(file.get(), 0, 6)));
}

}  // namespace
}  // namespace berth::http

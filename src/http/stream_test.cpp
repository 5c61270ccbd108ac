#include "http/stream.hpp"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <filesystem>
#include <optional>

#include "http/acceptor.hpp"

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
    /// Puts a TCP connection in the place of the pair.
    void use_tcp() {
        const Fd listening = listen_tcp("127.0.0.1", 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port_of(listening));
        Fd ours(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(ours.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw_errno("connect");
        peer_.reset(::accept(listening.get(), nullptr, nullptr));
        tcp_ = ours.get();
        stream_.emplace(loop_.get_executor(), deadlines_, std::move(ours));
    }
    /// Bytes of ours that TCP has and has not sent.
    int held_back() const {
        int bytes = -1;
        ::ioctl(tcp_, SIOCOUTQNSD, &bytes);
        return bytes;
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
    int tcp_ = -1;  // the stream's own
};

/// With that content, and no name.
Fd file_of(std::string_view content) {
    std::string path = std::filesystem::temp_directory_path() / "berth-stream-XXXXXX";
    Fd file(::mkstemp(path.data()));
    ::unlink(path.c_str());
    write_all(file.get(), content);
    return file;
}

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
    const Fd file = file_of("short");
    EXPECT_TRUE(wait(stream_->send_file(file.get(), 1, 4)));
    EXPECT_TRUE(wait(stream_->send_file(file.get(), 5, 0)));
    EXPECT_FALSE(wait(stream_->send_file(file.get(), 0, 6)));
    std::uint64_t offset = 4;
    std::uint64_t bytes = 2;
    EXPECT_FALSE(stream_->try_send_file(file.get(), offset, bytes));
}

/// All that has come.
std::string taken(int socket) {
    std::string all;
    std::array<char, 65'536> bytes{};
    while (true) {  // ends when there is no more for now
        const ssize_t got = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got <= 0) return all;
        all.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

Task<> send_rest(Stream& stream, int file, std::uint64_t offset, std::uint64_t bytes,
                 std::optional<bool>& sent) {
    sent = co_await stream.send_file(file, offset, bytes);
}

TEST_F(StreamTest, sends_of_a_file_what_the_kernel_takes_and_then_the_rest) {
    std::string content;
    for (int i = 0; content.size() < 1'000'000; ++i)
        content += std::to_string(i);
    const Fd file = file_of(content);
    std::uint64_t offset = 10;
    std::uint64_t bytes = content.size() - 10;
    EXPECT_TRUE(stream_->try_send_file(file.get(), offset, bytes));
    EXPECT_GT(offset, 10U);
    EXPECT_GT(bytes, 0U);
    EXPECT_EQ(offset + bytes, content.size());
    std::optional<bool> sent;
    asio::co_spawn(loop_, send_rest(*stream_, file.get(), offset, bytes, sent),
                   [](std::exception_ptr broken) { EXPECT_FALSE(broken); });
    std::string got = taken(peer_.get());
    while (!sent) {  // ends: what is taken makes room
        loop_.restart();
        loop_.poll();
        got += taken(peer_.get());
    }
    got += taken(peer_.get());
    EXPECT_EQ(sent, true);
    EXPECT_EQ(got, content.substr(10));
    EXPECT_EQ(stream_->sent_bytes(), content.size() - 10);
}

TEST_F(StreamTest, sends_no_more_of_files_at_once_than_others_have_patience_for) {
    const std::string content(100'000, 'x');
    const Fd file = file_of(content);
    for (int i = 0; i < 3; ++i) {  // over 256 KiB with the third
        std::uint64_t offset = 0;
        std::uint64_t bytes = content.size();
        EXPECT_TRUE(stream_->try_send_file(file.get(), offset, bytes));
        EXPECT_EQ(bytes, 0U);
        EXPECT_EQ(taken(peer_.get()), content);
    }
    std::uint64_t offset = 0;
    std::uint64_t bytes = content.size();
    EXPECT_TRUE(stream_->try_send_file(file.get(), offset, bytes));
    EXPECT_EQ(bytes, content.size());
    EXPECT_TRUE(wait(stream_->send_file(file.get(), offset, bytes)));
    EXPECT_EQ(taken(peer_.get()), content);
}

TEST_F(StreamTest, sends_a_head_together_with_its_file) {
    use_tcp();
    const Fd file = file_of("file");
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(stream_->try_write_before_file("head, ", "tail, "), 12);
        EXPECT_EQ(held_back(), 12);
        EXPECT_TRUE(wait(stream_->write({})));  // nothing is no reason to send what is held back
        EXPECT_EQ(held_back(), 12);
        EXPECT_TRUE(wait(stream_->send_file(file.get(), 0, 4)));
        EXPECT_EQ(held_back(), 0);
        std::string got(16, '\0');
        EXPECT_EQ(::recv(peer_.get(), got.data(), got.size(), MSG_WAITALL), 16);
        EXPECT_EQ(got, "head, tail, file");
    }
}

TEST_F(StreamTest, holds_nothing_back_of_what_follows_a_file) {
    use_tcp();
    const Fd file = file_of("file");
    EXPECT_TRUE(wait(stream_->send_file(file.get(), 0, 4)));
    EXPECT_EQ(stream_->try_write("next"), 4);
    EXPECT_EQ(held_back(), 0);
    EXPECT_EQ(stream_->try_write_before_file("lost"), 4);
    EXPECT_EQ(stream_->try_write("file"), 4);  // it went otherwise
    EXPECT_EQ(held_back(), 0);
}

}  // namespace
}  // namespace berth::http

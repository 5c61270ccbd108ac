#include "http/ready_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <optional>

namespace berth::http {
namespace {

class ReadySocketTest : public testing::Test {
protected:
    ReadySocketTest() { make(); }

    void make() {
        int pair[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("pair");
        peer_.reset(pair[0]);
        socket_.emplace(loop_.get_executor(), Fd(pair[1]));
    }
    void drain() {
        char bytes[4096];
        while (::recv(socket_->native(), bytes, sizeof bytes, 0) > 0) {
        }
        socket_->exhausted(ReadySocket::reading);
    }
    /// Counts itself when the wait is over.
    void begin(ReadySocket::Direction direction = ReadySocket::reading) {
        asio::co_spawn(loop_, wait(direction), [](std::exception_ptr) {});
    }
    Task<> wait(ReadySocket::Direction direction) {
        co_await socket_->wait(direction);
        ++woken_;
    }

    asio::io_context loop_{1};
    Fd peer_{};
    std::optional<ReadySocket> socket_;
    int woken_ = 0;
};

TEST_F(ReadySocketTest, waits_until_something_comes) {
    drain();
    begin();
    loop_.poll();
    EXPECT_EQ(woken_, 0);
    write_all(peer_.get(), "x");
    loop_.run();  // ends, since nobody waits any more
    EXPECT_EQ(woken_, 1);
    EXPECT_TRUE(socket_->may(ReadySocket::reading));
}

TEST_F(ReadySocketTest, does_not_wait_for_what_has_come_before) {
    drain();
    write_all(peer_.get(), "x");
    begin();
    loop_.run();
    EXPECT_EQ(woken_, 1);
    // Not read, so it is there still; nothing more comes to say so.
    loop_.restart();
    begin();
    loop_.run();
    EXPECT_EQ(woken_, 2);
}

TEST_F(ReadySocketTest, is_told_again_of_each_piece) {
    for (int i = 1; i <= 100; ++i) {
        drain();
        begin();
        loop_.poll();
        EXPECT_EQ(woken_, i - 1);
        write_all(peer_.get(), "x");
        loop_.restart();
        loop_.run();
        EXPECT_EQ(woken_, i);
        loop_.restart();
    }
}

TEST_F(ReadySocketTest, never_waits_for_the_end_in_vain) {
    drain();
    write_all(peer_.get(), "last");
    peer_.reset(-1);
    begin();
    loop_.run();
    EXPECT_EQ(woken_, 1);
    drain();  // the short read says nothing of the end that stands behind it
    EXPECT_TRUE(socket_->may(ReadySocket::reading));
    loop_.restart();
    begin();
    loop_.run();
    EXPECT_EQ(woken_, 2);
}

TEST_F(ReadySocketTest, says_when_there_is_room_to_write) {
    const std::string much(64 << 10, 'x');
    while (::send(socket_->native(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
    socket_->exhausted(ReadySocket::writing);
    begin(ReadySocket::writing);
    loop_.poll();
    EXPECT_EQ(woken_, 0);
    std::string taken(much.size(), '\0');
    while (::recv(peer_.get(), taken.data(), taken.size(), MSG_DONTWAIT) > 0) {
    }
    loop_.restart();
    loop_.run();
    EXPECT_EQ(woken_, 1);
}

TEST_F(ReadySocketTest, reads_and_writes_at_a_time) {
    drain();
    begin(ReadySocket::reading);
    begin(ReadySocket::writing);
    loop_.poll();
    EXPECT_EQ(woken_, 1);  // there was room all the time
    write_all(peer_.get(), "x");
    loop_.restart();
    loop_.run();
    EXPECT_EQ(woken_, 2);
}

TEST_F(ReadySocketTest, ends_waits_when_it_is_closed_or_woken) {
    drain();
    begin();
    loop_.poll();
    socket_->wake();
    EXPECT_EQ(woken_, 0);  // not in the middle of the caller
    loop_.restart();
    loop_.run();
    EXPECT_EQ(woken_, 1);
    loop_.restart();
    begin();
    loop_.poll();
    socket_->close();
    loop_.restart();
    loop_.run();
    EXPECT_EQ(woken_, 2);
    EXPECT_FALSE(socket_->is_open());
    loop_.restart();
    begin();  // of one that is closed
    loop_.run();
    EXPECT_EQ(woken_, 3);
}

TEST_F(ReadySocketTest, ends_a_wait_that_is_canceled) {
    drain();
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(
        loop_, wait(ReadySocket::reading),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { ended = true; }));
    loop_.poll();
    EXPECT_FALSE(ended);
    stop.emit(asio::cancellation_type::terminal);
    loop_.restart();
    loop_.run();
    EXPECT_TRUE(ended);
    // The signal knows nothing of it any more.
    socket_.reset();
    stop.emit(asio::cancellation_type::terminal);
}

using Sockets = std::vector<std::optional<ReadySocket>>;

Task<> destroy_the_others(Sockets& all, std::size_t own, int& woken) {
    co_await all[own]->wait(ReadySocket::reading);
    ++woken;
    for (std::size_t other = 0; other < all.size(); ++other)
        if (other != own) all[other].reset();
}

TEST_F(ReadySocketTest, may_be_destroyed_while_another_of_the_same_batch_is_woken) {
    std::vector<Fd> peers;
    Sockets sockets(20);
    int woken = 0;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        peers.emplace_back(pair[0]);
        sockets[i].emplace(loop_.get_executor(), Fd(pair[1]));
        sockets[i]->exhausted(ReadySocket::reading);
        asio::co_spawn(loop_, destroy_the_others(sockets, i, woken), [](std::exception_ptr) {});
    }
    loop_.poll();
    for (const Fd& peer : peers)
        write_all(peer.get(), "x");
    loop_.restart();
    loop_.run();
    EXPECT_EQ(woken, 20);  // a wait ends with its socket
}

Task<> wait_with(asio::any_io_executor loop, Fd socket, std::shared_ptr<int> held) {
    ReadySocket own(loop, std::move(socket));
    own.exhausted(ReadySocket::reading);
    co_await own.wait(ReadySocket::reading);
    *held = 8;
}

TEST_F(ReadySocketTest, goes_with_its_loop) {
    const auto held = std::make_shared<int>(7);
    std::weak_ptr<int> watched = held;
    {
        asio::io_context loop(1);
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        const Fd peer(pair[0]);
        asio::co_spawn(loop, wait_with(loop.get_executor(), Fd(pair[1]), held),
                       [](std::exception_ptr) {});
        loop.poll();
    }
    EXPECT_EQ(*held, 7);
    EXPECT_EQ(watched.use_count(), 1);
}

}  // namespace
}  // namespace berth::http

#pragma once
/// A connected socket that says when it can be read and written. The kernel is told of it once, for
/// its whole life and edge-triggered, where Asio's own wait asks again each time: two system calls
/// less for each request of a busy loop. Everything happens on the socket's loop.

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/file.hpp"
#include "base/task.hpp"

namespace berth::http {

class Readiness;

class ReadySocket final : public boost::intrusive::list_base_hook<
                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    enum Direction : std::uint8_t { reading, writing };

    /// `socket` must be connected; it becomes non-blocking. Throws: std::system_error.
    ReadySocket(const asio::any_io_executor& loop, Fd socket);
    ReadySocket(const ReadySocket&) = delete;
    ~ReadySocket();

    int native() const { return socket_.get(); }
    bool is_open() const { return static_cast<bool>(socket_); }
    const asio::any_io_executor& loop() const { return loop_; }

    /// Whether an attempt may succeed: something came, or room was made, since the last
    /// exhausted().
    bool may(Direction direction) const { return ready_[direction]; }

    /// An attempt did less than it might have: the kernel has no more for now. What is said here
    /// of a socket that has ended counts for nothing: its end is always there to be read.
    void exhausted(Direction direction) { ready_[direction] = ended_; }

    /// Until may() holds, close() or wake() is called, or the coroutine is canceled. One waiter at
    /// a time for each direction.
    auto wait(Direction direction) {
        return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            [this, direction](auto handler) { suspend(direction, std::move(handler)); },
            asio::use_awaitable);
    }

    /// Ends the waits, as if something had come.
    void wake();
    /// The same, and the socket is gone.
    void close();

private:
    friend class Readiness;

    struct Waiter {
        std::move_only_function<void()> resume{};  // null: nobody waits
        asio::cancellation_slot slot{};
    };

    template <class Handler>
    void suspend(Direction direction, Handler handler) {
        Waiter& waiter = waiters_[direction];
        waiter.slot = asio::get_associated_cancellation_slot(handler);
        if (waiter.slot.is_connected()) {
            waiter.slot.assign([this, direction](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) wake_later(direction);
            });
        }
        const bool this_loop = is_own(asio::get_associated_executor(handler));
        waiter.resume = [this_loop, handler = std::move(handler)]() mutable {
            if (this_loop) return std::move(handler)();
            const auto executor = asio::get_associated_executor(handler);
            asio::dispatch(executor, std::move(handler));
        };
        begin_wait(direction);
    }

    /// A waiter of our own loop goes on at once, others on theirs.
    bool is_own(const asio::any_io_executor& executor) const { return executor == loop_; }

    void begin_wait(Direction direction);
    void wake_later(Direction direction);
    /// Nobody waits afterwards; null when nobody did.
    std::move_only_function<void()> take_waiter(Direction direction);
    static std::move_only_function<void()> release(Waiter& waiter);

    asio::any_io_executor loop_;
    std::shared_ptr<Readiness> readiness_;
    Fd socket_;
    std::array<Waiter, 2> waiters_{};
    std::array<bool, 2> ready_{true, true};
    bool ended_ = false;  // the peer has closed its side, or the connection broke
};

}  // namespace berth::http

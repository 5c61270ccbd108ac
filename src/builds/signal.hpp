#pragma once
/// Waking coroutines from another one of the same loop: a waiter checks its condition, waits, and
/// checks again.

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <set>

#include "base/task.hpp"

namespace berth::builds {

/// Must outlive those who wait.
class Signal {
public:
    explicit Signal(const asio::any_io_executor& loop) : loop_(loop) {}

    /// Until the next `notify`, or `time` has passed.
    Task<> wait(std::chrono::milliseconds time = std::chrono::hours(24)) {
        asio::steady_timer timer(loop_, time);  // one each: waiters must not wake each other
        const Waiting waiting(waiting_, timer);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

    void notify() {
        for (asio::steady_timer* timer : waiting_)
            timer->cancel();
    }

private:
    using Timers = std::set<asio::steady_timer*>;

    struct Waiting {
        Waiting(Timers& all, asio::steady_timer& mine) : timers(all), timer(&mine) {
            timers.insert(timer);
        }
        Waiting(const Waiting&) = delete;
        ~Waiting() { timers.erase(timer); }
        Timers& timers;
        asio::steady_timer* timer;
    };

    asio::any_io_executor loop_;
    Timers waiting_;
};

}  // namespace berth::builds

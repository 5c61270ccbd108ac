#include "http/deadlines.hpp"

#include <boost/asio/steady_timer.hpp>

#include "base/clock.hpp"

namespace berth::http {

namespace asio = boost::asio;

namespace {

/// What the end of one costs is an answer and a close, some ten microseconds.
constexpr std::size_t ends_in_a_row_max = 16;

}  // namespace

/// Shared with the timer's handler, which may still be queued when the owner is gone.
struct Deadlines::Timer {
    explicit Timer(const asio::any_io_executor& loop) : timer(loop) {}

    static void arm(const std::shared_ptr<Timer>& shared, std::int64_t at_ms) {
        shared->wakes_at_ms = at_ms;
        shared->timer.expires_after(std::chrono::milliseconds(at_ms - steady_now_ms()));
        shared->timer.async_wait([weak = std::weak_ptr(shared)](boost::system::error_code stopped) {
            const std::shared_ptr<Timer> still = weak.lock();
            if (!stopped && still) turn(still);
        });
    }

    static void turn(const std::shared_ptr<Timer>& shared) {
        TimerWheel::List due;  // expire() may destroy others of it
        shared->wheel.take_due(steady_now_ms(), ends_in_a_row_max, due);
        const std::int64_t next = shared->wheel.next_ms();
        shared->wakes_at_ms = TimerWheel::never;
        if (next != TimerWheel::never) arm(shared, next);
        while (!due.empty()) {
            Expiring& one = due.front();
            one.unlink();
            one.expire();
        }
    }

    asio::steady_timer timer;
    TimerWheel wheel{steady_now_ms()};
    std::int64_t wakes_at_ms = TimerWheel::never;
};

Deadlines::Deadlines(const asio::any_io_executor& loop) : timer_(std::make_shared<Timer>(loop)) {}

Deadlines::~Deadlines() = default;

void Deadlines::set(Expiring& waiting, std::chrono::milliseconds limit) {
    const std::int64_t at_ms = timer_->wheel.set(waiting, steady_now_ms() + limit.count());
    if (at_ms < timer_->wakes_at_ms) Timer::arm(timer_, at_ms);
}

void Deadlines::clear(Expiring& waiting) {
    TimerWheel::clear(waiting);
}

}  // namespace berth::http

#include "http/deadlines.hpp"

#include <boost/asio/steady_timer.hpp>
#include <limits>
#include <vector>

#include "base/clock.hpp"

namespace berth::http {

namespace asio = boost::asio;

namespace {

constexpr std::int64_t grain_ms = 50;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

using Waiting = boost::intrusive::list<Expiring, boost::intrusive::constant_time_size<false>>;

}  // namespace

/// Shared with the timer's handler, which may still be queued when the owner is gone.
struct Deadlines::Wheel {
    explicit Wheel(asio::any_io_executor loop) : timer(std::move(loop)) {}

    static void arm(const std::shared_ptr<Wheel>& wheel, std::int64_t at_ms) {
        wheel->wakes_at_ms = at_ms;
        wheel->timer.expires_after(std::chrono::milliseconds(at_ms - steady_now_ms()));
        wheel->timer.async_wait([weak = std::weak_ptr(wheel)](boost::system::error_code stopped) {
            const std::shared_ptr<Wheel> still = weak.lock();
            if (!stopped && still) turn(still);
        });
    }

    static void turn(const std::shared_ptr<Wheel>& wheel) {
        const std::int64_t now = steady_now_ms();
        std::int64_t next = never;
        Waiting due;  // unlinked first: expire() may destroy its neighbours
        for (auto at = wheel->waiting.begin(); at != wheel->waiting.end();) {
            Expiring& one = *at++;
            if (one.at_ms_ <= now) {
                one.unlink();
                due.push_back(one);
            } else {
                next = std::min(next, one.at_ms_);
            }
        }
        wheel->wakes_at_ms = never;
        if (next != never) arm(wheel, next);
        while (!due.empty()) {
            Expiring& one = due.front();
            one.unlink();
            one.expire();
        }
    }

    asio::steady_timer timer;
    Waiting waiting;
    std::int64_t wakes_at_ms = never;
};

Deadlines::Deadlines(asio::any_io_executor loop)
    : wheel_(std::make_shared<Wheel>(std::move(loop))) {}

Deadlines::~Deadlines() {
    wheel_->waiting.clear();
}

void Deadlines::set(Expiring& waiting, std::chrono::milliseconds limit) {
    const std::int64_t at = steady_now_ms() + limit.count();
    waiting.at_ms_ = (at + grain_ms - 1) / grain_ms * grain_ms;
    if (!waiting.is_linked()) wheel_->waiting.push_back(waiting);
    if (waiting.at_ms_ < wheel_->wakes_at_ms) Wheel::arm(wheel_, waiting.at_ms_);
}

void Deadlines::clear(Expiring& waiting) {
    if (waiting.is_linked()) waiting.unlink();
}

}  // namespace berth::http

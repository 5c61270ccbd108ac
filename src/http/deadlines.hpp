#pragma once
/// The limits on everything that a loop's connections wait for, on one timer: cheaper than a timer
/// per connection, and an idle loop is woken for nothing. Limits are rounded up to 50 ms. When many
/// end at a time, the loop's other work has its turn in between.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

#include "http/timer_wheel.hpp"

namespace berth::http {

class Deadlines {
public:
    explicit Deadlines(const boost::asio::any_io_executor& loop);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Replaces the limit that `waiting` had.
    void set(Expiring& waiting, std::chrono::milliseconds limit);
    static void clear(Expiring& waiting);

private:
    struct Timer;
    std::shared_ptr<Timer> timer_;
};

}  // namespace berth::http

#pragma once
/// The limits on everything that a loop's connections wait for, on one timer: cheaper than a timer
/// per connection, and an idle loop is woken for nothing. Limits are rounded up to 50 ms.

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

namespace berth::http {

/// Something with a limit. It may be destroyed at any time and then has none.
class Expiring : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Expiring() = default;
    /// Called once on the loop when the limit is over.
    virtual void expire() = 0;

private:
    friend class Deadlines;
    std::int64_t at_ms_ = 0;
};

class Deadlines {
public:
    explicit Deadlines(boost::asio::any_io_executor loop);
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Replaces the limit that `waiting` had.
    void set(Expiring& waiting, std::chrono::milliseconds limit);
    static void clear(Expiring& waiting);

private:
    struct Wheel;
    std::shared_ptr<Wheel> wheel_;
};

}  // namespace berth::http

#include "base/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>

namespace berth {
namespace {

Task<> work(Workers& workers, std::atomic<int>& done, bool& went_on) {
    co_await workers.run([&done] { ++done; });
    went_on = true;
    co_await sleep_for(std::chrono::seconds(60));
}

// At whatever moment it comes: before the other thread has begun, while it works, or later.
TEST(Workers, end_what_they_began_when_the_caller_is_canceled) {
    Workers workers(2);
    std::atomic<int> done = 0;
    for (int i = 1; i <= 500; ++i) {
        asio::io_context loop;
        asio::cancellation_signal stop;
        bool canceled = false;
        bool went_on = false;
        asio::co_spawn(loop, work(workers, done, went_on),
                       asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                           canceled = escaped != nullptr;
                       }));
        loop.poll();
        stop.emit(asio::cancellation_type::terminal);
        loop.restart();
        loop.run();
        EXPECT_TRUE(canceled);
        EXPECT_TRUE(went_on);
        EXPECT_EQ(done, i);
    }
}

}  // namespace
}  // namespace berth

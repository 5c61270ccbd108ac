#include "base/workers.hpp"

#include <gtest/gtest.h>

#include <boost/asio/cancellation_signal.hpp>
#include <future>

namespace berth {
namespace {

struct Turns {
    std::promise<void> may_begin{};
    std::shared_future<void> begun = may_begin.get_future().share();
    int done = 0;
    bool went_on = false;
};

Task<> keep_busy(Workers& workers, Turns& turns) {
    co_await workers.run([begun = turns.begun] { begun.wait(); });
}

Task<> work(Workers& workers, Turns& turns) {
    co_await workers.run([&turns] { ++turns.done; });
    turns.went_on = true;
    co_await sleep_for(std::chrono::seconds(60));
}

// One thread takes the work while another would take the word that its caller was canceled.
TEST(Workers, end_what_was_given_to_them_before_its_caller_was_canceled) {
    Workers workers(2);
    for (int i = 0; i < 300; ++i) {
        Turns turns;
        asio::io_context loop;
        asio::cancellation_signal stop;
        bool canceled = false;
        for (int busy = 0; busy < 2; ++busy)
            spawn(loop.get_executor(), keep_busy(workers, turns), "busy");
        asio::co_spawn(loop, work(workers, turns),
                       asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr escaped) {
                           canceled = escaped != nullptr;
                       }));
        loop.poll();
        stop.emit(asio::cancellation_type::terminal);
        turns.may_begin.set_value();
        loop.restart();
        loop.run();
        EXPECT_EQ(turns.done, 1);
        EXPECT_TRUE(turns.went_on);
        EXPECT_TRUE(canceled);  // at the next wait
    }
}

}  // namespace
}  // namespace berth

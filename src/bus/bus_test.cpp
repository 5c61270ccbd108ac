#include "bus/bus.hpp"

#include <gtest/gtest.h>

namespace berth::bus {
namespace {

using namespace std::chrono_literals;
using MakeBus = std::unique_ptr<Bus> (*)();

// Every Bus must pass these.
class BusTest : public testing::TestWithParam<MakeBus> {
protected:
    std::unique_ptr<Bus> bus_ = GetParam()();
};

Task<std::string> next_id(Subscription& from) {
    const std::optional<Event> event = co_await from.next(20ms);
    co_return event ? event->id : "nothing";
}

TEST_P(BusTest, delivers_to_every_reader_of_the_topic) {
    const auto one = bus_->subscribe("log/dpl_1");
    const auto two = bus_->subscribe("log/");
    const auto other = bus_->subscribe("queue");
    bus_->publish({.topic = "log/dpl_1", .type = "lines", .id = "x"});
    EXPECT_EQ(wait(next_id(*one)), "x");
    EXPECT_EQ(wait(next_id(*two)), "x");
    EXPECT_EQ(wait(next_id(*other)), "nothing");
}

TEST_P(BusTest, a_reader_of_several_topics_is_spared_the_others) {
    const auto reader = bus_->subscribe_any({"deployments", "projects"});
    for (int i = 0; i < 300; ++i)
        bus_->publish({.topic = "log/dpl_1", .id = "noise"});
    bus_->publish({.topic = "projects", .id = "p"});
    EXPECT_EQ(wait(next_id(*reader)), "p");
    EXPECT_EQ(wait(next_id(*reader)), "nothing");
}

TEST_P(BusTest, wakes_a_reader_that_waits) {
    const auto reader = bus_->subscribe("a");
    asio::io_context loop;
    std::string got;
    asio::co_spawn(loop, next_id(*reader), [&](std::exception_ptr, std::string id) { got = id; });
    asio::post(loop, [&] { bus_->publish({.topic = "a", .type = "", .id = "woken"}); });
    loop.run();
    EXPECT_EQ(got, "woken");
}

TEST_P(BusTest, drops_the_oldest_when_a_reader_lags) {
    const auto reader = bus_->subscribe("a");
    for (int i = 0; i < 300; ++i)
        bus_->publish({.topic = "a", .id = std::to_string(i)});
    EXPECT_EQ(wait(next_id(*reader)), "44");
}

INSTANTIATE_TEST_SUITE_P(local, BusTest, testing::Values(&make_local_bus));

}  // namespace
}  // namespace berth::bus

#pragma once
/// Many of a kind, a few at a time.

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"

namespace berth::objects {

struct Lanes {
    std::size_t next = 0;
    std::size_t count = 0;
    Result<> result{};
};

template <class Work>
Task<> run_lane(Work& work, Lanes& lanes) {
    while (lanes.next < lanes.count) {  // ends when none is left to begin
        const std::size_t index = lanes.next++;
        Result<> done{};
        try {
            done = co_await work(index);
        } catch (...) {
            lanes.next = lanes.count;
            throw;
        }
        if (done) continue;
        lanes.next = lanes.count;
        if (lanes.result) lanes.result = done;
    }
}

/// Runs the tasks `work(0)` to `work(count - 1)`, at most `at_once` at a time on the caller's loop,
/// and waits for all that began. After the first error or exception no more begin.
/// Errors: the first of theirs. Throws what one of them throws.
template <class Work>
Task<Result<>> in_parallel(std::size_t count, std::size_t at_once, Work work) {
    const auto here = co_await asio::this_coro::executor;
    Lanes lanes{.count = count};
    using Lane = decltype(asio::co_spawn(here, run_lane(work, lanes), asio::deferred));
    std::vector<Lane> all;
    all.reserve(std::min(count, at_once));
    for (std::size_t i = 0; i < std::min(count, at_once); ++i)
        all.push_back(asio::co_spawn(here, run_lane(work, lanes), asio::deferred));
    if (all.empty()) co_return lanes.result;
    auto group = asio::experimental::make_parallel_group(std::move(all));
    auto ended = co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (const std::exception_ptr& broken : std::get<1>(ended)) {
        if (broken) std::rethrow_exception(broken);
    }
    co_return lanes.result;
}

}  // namespace berth::objects

#pragma once
/// The limit on everything that waits.

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "base/result.hpp"
#include "base/task.hpp"

namespace berth {

/// Waits for `work`, but no longer than `limit`: then cancels it and waits for it to stop.
///
/// Errors: timed_out, and whatever `work` fails with. Throws what `work` throws, at once.
/// Source: not `work || timer`, which hides an exception until the timer fires (asio #900).
template <class T>
Task<Result<T>> within(std::chrono::milliseconds limit, Task<Result<T>> work) {
    const auto here = co_await asio::this_coro::executor;
    asio::steady_timer clock(here, limit);
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(here, std::move(work), asio::deferred), clock.async_wait(asio::deferred));
    auto ended = co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);

    auto& [order, broken, result, clock_stopped] = ended;
    if (order[0] == 1) co_return fail(Failure::timed_out, "gave up after {} ms", limit.count());
    if (broken) std::rethrow_exception(broken);
    co_return std::move(result);
}

}  // namespace berth

#pragma once
/// Coroutines: `Task<T>`, how to start one, and how to wait for one in a test.
/// A task is lazy: it runs when awaited or spawned. See within.hpp for limits on waiting.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace berth {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

/// Called with what a spawned task threw and could not hand to anybody; logs it.
void report_escaped(const std::string& what, std::exception_ptr escaped);

/// Runs `task` on `executor` on its own. `task` takes values, not references: its caller is gone.
/// What escapes is logged under `what`; cancellation is silent.
template <class Executor, class T>
void spawn(const Executor& executor, Task<T> task, std::string what) {
    asio::co_spawn(executor, std::move(task),
                   [what = std::move(what)](std::exception_ptr escaped, auto&&...) {
                       if (escaped) report_escaped(what, escaped);
                   });
}

/// Suspends the caller for `time`; throws operation_aborted when canceled.
Task<> sleep_for(std::chrono::milliseconds time);

/// Runs one coroutine to its end on a fresh loop and returns its value: for tests and `main`.
template <class T>
T wait(Task<T> task) {
    asio::io_context loop;
    std::exception_ptr broken;
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e) { broken = e; });
        loop.run();
        if (broken) std::rethrow_exception(broken);
    } else {
        std::optional<T> value;
        asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e, T result) {
            broken = e;
            if (!e) value.emplace(std::move(result));
        });
        loop.run();
        if (broken) std::rethrow_exception(broken);
        return std::move(value).value();
    }
}

}  // namespace berth

#pragma once
/// Threads for what would block a loop: SQL, hashing, files, password hashing. The loop stays
/// single-threaded; a function given here must touch nothing that a loop owns.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/task.hpp"

namespace berth {

/// For what is co_spawned on another thread: the caller waits for its end even when it is canceled,
/// and its next wait says so. A cancellation that crosses threads is a race, and ends the program
/// when it comes before the other thread has begun.
inline auto to_its_end() {
    return asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
}

class Workers {
public:
    explicit Workers(std::size_t threads) : pool_(threads) {}
    ~Workers() { pool_.join(); }

    /// Runs `function()` on a thread and resumes the caller on its own loop with what it returned.
    /// Throws what it throws. Is not canceled.
    template <class Function>
    auto run(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return co_await asio::co_spawn(pool_, call(std::move(function)), to_its_end());
    }

private:
    template <class Function>
    static auto call(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return function();
    }

    asio::thread_pool pool_;
};

}  // namespace berth

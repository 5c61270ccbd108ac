#pragma once
/// Threads for what would block a loop: SQL, hashing, files, password hashing. The loop stays
/// single-threaded; a function given here must touch nothing that a loop owns.

#include <boost/asio/thread_pool.hpp>

#include "base/task.hpp"

namespace berth {

class Workers {
public:
    explicit Workers(std::size_t threads) : pool_(threads) {}
    ~Workers() { pool_.join(); }

    /// Runs `function()` on a thread and resumes the caller on its own loop with what it returned.
    /// Throws what it throws.
    template <class Function>
    auto run(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return co_await asio::co_spawn(pool_, call(std::move(function)), asio::use_awaitable);
    }

private:
    template <class Function>
    static auto call(Function function) -> Task<std::invoke_result_t<Function>> {
        co_return function();
    }

    asio::thread_pool pool_;
};

}  // namespace berth

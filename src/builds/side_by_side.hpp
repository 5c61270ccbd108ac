#pragma once
/// Work of the same kind on many items, on all processors at once.

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <exception>
#include <latch>
#include <optional>
#include <thread>

#include "base/task.hpp"

namespace berth::builds {

/// Threads beside the caller's. Made for as long as there is work, and not kept.
class SideBySide {
public:
    SideBySide() : helpers_(std::max(1U, std::thread::hardware_concurrency()) - 1) {
        if (helpers_ > 0) pool_.emplace(helpers_);
    }
    ~SideBySide() {
        if (pool_) pool_->join();
    }
    SideBySide(const SideBySide&) = delete;
    SideBySide& operator=(const SideBySide&) = delete;

    /// Calls `work(0)` to `work(count - 1)`, each once, in no order, and waits for all. The caller
    /// works as well, so it never waits for a thread that has other things to do.
    /// Throws: the first of what they throw; the others are still done.
    template <class Work>
    void each(std::size_t count, const Work& work) {
        std::atomic<std::size_t> next{0};
        std::atomic<bool> broke{false};
        std::exception_ptr broken;
        const auto take = [&] {
            for (std::size_t index = next++; index < count; index = next++) {
                try {
                    work(index);
                } catch (...) {
                    if (!broke.exchange(true)) broken = std::current_exception();
                }
            }
        };
        const std::size_t helpers = count > 1 ? std::min<std::size_t>(helpers_, count - 1) : 0;
        std::latch done(static_cast<std::ptrdiff_t>(helpers));
        for (std::size_t i = 0; i < helpers; ++i) {
            asio::post(*pool_, [&] {
                take();
                done.count_down();
            });
        }
        take();
        done.wait();
        if (broken) std::rethrow_exception(broken);
    }

private:
    std::size_t helpers_;
    std::optional<asio::thread_pool> pool_{};
};

}  // namespace berth::builds

#pragma once
/// The one event loop of a command. It runs one task at a time, and gives up waiting for it on
/// Ctrl-C or when --timeout is over.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/task.hpp"
#include "cli/problem.hpp"

namespace berth::cli {

class Loop {
public:
    Loop();

    /// From now on, everything together may take this long.
    void limit(std::chrono::milliseconds time);

    /// Called about ten times a second while waiting, for a spinner; nothing to stop it.
    void on_tick(std::function<void()> tick) { tick_ = std::move(tick); }

    /// Forgets a Ctrl-C that was dealt with, so that the loop can be used once more.
    void resume();

    /// Runs `task` to its end; it must not refer to what the caller owns, for it may be left
    /// behind. Then `abandoned()` is true and the process must end without destroying its client.
    ///
    /// Errors: interrupted — Ctrl-C; timed_out. Throws what the task throws.
    template <class T>
    Outcome<T> run(Task<T> task) {
        struct Ended {
            std::optional<T> value{};
            std::exception_ptr broken{};
        };
        const auto ended = std::make_shared<Ended>();
        asio::co_spawn(context_, std::move(task), [ended](std::exception_ptr broken, T value) {
            ended->broken = broken;
            if (!broken) ended->value.emplace(std::move(value));
        });
        while (!ended->value && !ended->broken) {  // ends as `turn` says, or with the task
            if (const std::optional<Problem> stop = turn()) {
                abandoned_ = true;
                return *stop;
            }
        }
        if (ended->broken) std::rethrow_exception(ended->broken);
        return std::move(*ended->value);
    }

    /// Waits. Errors: interrupted, timed_out.
    Outcome<> pause(std::chrono::milliseconds time);

    /// Runs `function` on the loop soon; from any thread.
    template <class Function>
    void post(Function function) {
        asio::post(context_, std::move(function));
    }

    bool abandoned() const { return abandoned_; }

private:
    std::optional<Problem> turn();
    void watch();

    asio::io_context context_;
    asio::signal_set signals_;
    std::function<void()> tick_;
    std::optional<std::chrono::steady_clock::time_point> deadline_;
    bool interrupted_ = false;
    bool abandoned_ = false;
};

}  // namespace berth::cli

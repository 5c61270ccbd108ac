#include "cli/loop.hpp"

#include <cstdlib>

namespace berth::cli {

Loop::Loop() : signals_(context_, SIGINT, SIGTERM) {
    watch();
}

void Loop::watch() {
    signals_.async_wait([this](const boost::system::error_code& failed, int) {
        if (failed) return;
        // Who asks twice does not want to wait for our good-bye.
        if (interrupted_) std::_Exit(static_cast<int>(Exit::interrupted));
        interrupted_ = true;
        watch();
    });
}

void Loop::limit(std::chrono::milliseconds time) {
    deadline_ = std::chrono::steady_clock::now() + time;
}

void Loop::resume() {
    interrupted_ = false;
    deadline_.reset();
}

std::optional<Problem> Loop::turn() {
    context_.restart();
    context_.run_one_for(std::chrono::milliseconds(100));
    if (tick_) tick_();
    if (interrupted_) return problem(Exit::interrupted, "interrupted", "interrupted");
    if (deadline_ && std::chrono::steady_clock::now() >= *deadline_) {
        return problem(Exit::timed_out, "timed_out", "the time given by --timeout is over");
    }
    return std::nullopt;
}

Outcome<> Loop::pause(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
        if (const std::optional<Problem> stop = turn()) return *stop;
    }
    return {};
}

}  // namespace berth::cli

#include "edge/access_log.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/log.hpp"

namespace berth::edge {

namespace {

constexpr std::chrono::milliseconds nap{20};
constexpr double numbers = 18446744073709551616.0;  // 2^64

}  // namespace

AccessFeed::AccessFeed(double sample, std::size_t ring_bytes_max, std::uint64_t seed)
    : ring_(ring_bytes_max),
      all_(sample >= 1),
      below_(all_ ? UINT64_MAX : static_cast<std::uint64_t>(std::max(sample, 0.0) * numbers)),
      random_(seed * 0x9e3779b97f4a7c15u + 1) {}

bool AccessFeed::wants() {
    if (all_) return true;
    // splitmix64: which requests are logged needs to be even, not secret.
    random_ += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = random_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (mixed ^ (mixed >> 31)) < below_;
}

void AccessFeed::put(std::string_view line) {
    (ring_.push(line) ? lines_ : dropped_).fetch_add(1, std::memory_order_relaxed);
}

AccessLog::AccessLog(const AccessLogConfig& config, std::size_t loops)
    : file_(config.path, config.bytes_max) {
    for (std::size_t i = 0; i < loops; ++i) {
        feeds_.push_back(std::make_unique<AccessFeed>(config.sample, config.ring_bytes_max, i + 1));
    }
}

void AccessLog::write_waiting() {
    waiting_.clear();
    for (const auto& feed : feeds_)
        feed->ring_.take(waiting_);
    if (waiting_.empty()) return;
    if (file_.write(waiting_)) {
        failing_ = false;
        return;
    }
    refused_ += static_cast<std::uint64_t>(std::ranges::count(waiting_, '\n'));
    if (!failing_) log::error("access log cannot be written", {{"why", file_.why()}});
    failing_ = true;  // said once, until it works again
}

void AccessLog::run() {
    while (!stopped_) {
        write_waiting();
        std::this_thread::sleep_for(nap);
    }
    write_waiting();
}

std::uint64_t AccessLog::lines() const {
    std::uint64_t sum = 0;
    for (const auto& feed : feeds_)
        sum += feed->lines();
    return sum - std::min<std::uint64_t>(sum, refused_);
}

std::uint64_t AccessLog::dropped() const {
    std::uint64_t sum = refused_;
    for (const auto& feed : feeds_)
        sum += feed->dropped();
    return sum;
}

}  // namespace berth::edge

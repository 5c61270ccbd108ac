#pragma once
/// What an edge has done since its start. Each loop counts for itself; anybody may add them up.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>

#include "traffic/report.hpp"

namespace berth::edge {

/// The bounds of the times of /metrics: `durations[i]` counts answers of at most this many
/// microseconds and more than the one before; the last has what took longer.
inline constexpr std::array<std::uint64_t, 17> duration_bounds_us{
    50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

struct CountersNow {
    std::uint64_t connections = 0;
    std::uint64_t connections_open = 0;
    std::uint64_t requests = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t not_modified = 0;
    std::uint64_t not_found = 0;
    std::uint64_t proxied = 0;
    std::uint64_t proxy_failures = 0;
    std::uint64_t handshake_failures = 0;          // of TLS
    std::uint64_t ruled = 0;                       // answers that a site's rule decided
    std::map<unsigned, std::uint64_t> refusals{};  // by status: 400, 408, 414, 431, 501, 503, 505…
    std::array<std::uint64_t, 6> classes{};        // by status / 100; 0: there was no answer
    std::array<std::uint64_t, traffic::sources_max> sources{};
    std::array<std::uint64_t, duration_bounds_us.size() + 1> durations{};  // WebSockets left out
    std::uint64_t duration_us = 0;                                         // of all of them
};

class Counters {
public:
    using Count = std::atomic<std::uint64_t>;

    /// Relaxed: a count, not a lock.
    static void add(Count& count, std::uint64_t more = 1) {
        count.fetch_add(more, std::memory_order_relaxed);
    }
    static void subtract(Count& count) { count.fetch_sub(1, std::memory_order_relaxed); }

    void refuse(unsigned status) {
        if (status >= 400 && status < 600) add(refusals_[status - 400]);
    }

    /// One answer that is over, by the loop that owns this.
    void answer(unsigned status, traffic::Source source, std::uint64_t us) {
        grow(classes_[status < 600 ? status / 100 : 0], 1);
        grow(sources_[static_cast<std::size_t>(source)], 1);
        if (status == 101) return;
        std::size_t at = 0;
        while (at < duration_bounds_us.size() && us > duration_bounds_us[at])
            ++at;
        grow(durations_[at], 1);
        grow(duration_us_, us);
    }

    void add_to(CountersNow& now) const {
        now.connections += connections;
        now.connections_open += connections_open;
        now.requests += requests;
        now.bytes_sent += bytes_sent;
        now.not_modified += not_modified;
        now.not_found += not_found;
        now.proxied += proxied;
        now.proxy_failures += proxy_failures;
        now.handshake_failures += handshake_failures;
        now.ruled += ruled;
        now.duration_us += duration_us_;
        for (unsigned at = 0; at < refusals_.size(); ++at) {
            if (refusals_[at] > 0) now.refusals[at + 400] += refusals_[at];
        }
        sum(classes_, now.classes);
        sum(sources_, now.sources);
        sum(durations_, now.durations);
    }

    Count connections = 0;
    Count connections_open = 0;
    Count requests = 0;
    Count bytes_sent = 0;
    Count not_modified = 0;
    Count not_found = 0;
    Count proxied = 0;
    Count proxy_failures = 0;
    Count handshake_failures = 0;
    Count ruled = 0;

private:
    /// One writer: cheaper than an atomic addition.
    static void grow(Count& count, std::uint64_t more) {
        count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }
    template <std::size_t size>
    static void sum(const std::array<Count, size>& counts, std::array<std::uint64_t, size>& into) {
        for (std::size_t at = 0; at < size; ++at)
            into[at] += counts[at].load(std::memory_order_relaxed);
    }

    std::array<Count, 200> refusals_{};
    std::array<Count, 6> classes_{};
    std::array<Count, traffic::sources_max> sources_{};
    std::array<Count, duration_bounds_us.size() + 1> durations_{};
    Count duration_us_ = 0;
};

}  // namespace berth::edge

#pragma once
/// What an edge has done since its start. Each loop counts for itself; anybody may add them up.

#include <array>
#include <atomic>
#include <cstdint>
#include <map>

namespace berth::edge {

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
    std::map<unsigned, std::uint64_t> refusals{};  // by status: 400, 408, 414, 431, 501, 503, 505…
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
        for (unsigned at = 0; at < refusals_.size(); ++at) {
            if (refusals_[at] > 0) now.refusals[at + 400] += refusals_[at];
        }
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

private:
    std::array<Count, 200> refusals_{};
};

}  // namespace berth::edge

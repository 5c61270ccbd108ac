#pragma once
/// What /metrics of an edge says. The names are a contract with people's dashboards and alerts:
/// docs/operating.md lists them.

#include <cstdint>
#include <optional>
#include <string>

#include "edge/counters.hpp"
#include "objects/disk_cache.hpp"

namespace berth::edge {

struct EdgeNow {
    CountersNow counters{};
    std::uint64_t loops = 0;
    std::int64_t generation = 0;
    std::uint64_t hosts = 0;
    std::uint64_t unsettled_hosts = 0;  // whose newest route did not hold
    std::uint64_t refused_routes = 0;   // as often as one did not hold
    std::uint64_t refused_manifests = 0;
    std::uint64_t refused_heads = 0;
    std::uint64_t refused_kept = 0;                   // routes on our own disk
    std::optional<objects::DiskCacheCounts> cache{};  // of a store that is elsewhere
    std::uint64_t access_log_lines = 0;
    std::uint64_t access_log_dropped = 0;
    // Of the reports to the api.
    std::uint64_t traffic_rows_waiting = 0;
    std::uint64_t traffic_lost_requests = 0;
};

/// Also of this process: memory, processor time, descriptors, start.
std::string metrics_text(const EdgeNow& now);

}  // namespace berth::edge

#pragma once
/// The access log: one JSON object a line for each request, or for a part of them. Loops put lines
/// into rings of their own; one thread writes them. A loop never waits: what its ring has no room
/// for, and what the disk refuses, is dropped and counted. What a line says: access_line.hpp.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "edge/byte_ring.hpp"
#include "edge/rotating_file.hpp"

namespace berth::edge {

struct AccessLogConfig {
    std::string path{};                    // "": no log; "-": stdout
    double sample = 1;                     // 0 to 1: the part of requests that is logged
    std::uint64_t bytes_max = 100 << 20;   // of one file
    std::size_t ring_bytes_max = 2 << 20;  // of each loop, waiting to be written
};

/// One loop's way into the log.
class AccessFeed {
public:
    AccessFeed(double sample, std::size_t ring_bytes_max, std::uint64_t seed);

    /// Whether the next request is one of those that are logged.
    bool wants();
    /// A whole line with its end.
    void put(std::string_view line);

    std::uint64_t lines() const { return lines_.load(std::memory_order_relaxed); }
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

private:
    friend class AccessLog;

    ByteRing ring_;
    bool all_;
    std::uint64_t below_;  // of 2^64: numbers that are wanted
    std::uint64_t random_;
    std::atomic<std::uint64_t> lines_ = 0;
    std::atomic<std::uint64_t> dropped_ = 0;
};

class AccessLog {
public:
    AccessLog(const AccessLogConfig& config, std::size_t loops);

    AccessFeed& feed(std::size_t loop) { return *feeds_[loop]; }

    /// Writes what comes, until stopped; then what is left. Blocks: a thread of its own.
    void run();
    /// From any thread, once no loop puts lines any more.
    void stop() { stopped_ = true; }

    std::uint64_t lines() const;
    /// Lines that had no room, or that the disk refused.
    std::uint64_t dropped() const;

private:
    void write_waiting();

    RotatingFile file_;
    std::vector<std::unique_ptr<AccessFeed>> feeds_{};
    std::string waiting_{};
    std::atomic<bool> stopped_ = false;
    std::atomic<std::uint64_t> refused_ = 0;
    bool failing_ = false;
};

}  // namespace berth::edge

#pragma once
/// One request from its head's arrival to its answer's end, as counters, traffic and access log see
/// it. Whoever serves requests calls, in this order: `begin_visit` when the head is there,
/// `note_visit` once it is decided what to do and while the loop's scratch holds the head,
/// `finish_visit` when the answer went out or was given up.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "artifacts/manifest.hpp"
#include "traffic/report.hpp"

namespace berth::edge {

struct Loop;
struct Step;
struct TrafficRow;

struct Visit {
    std::int64_t began_us = 0;      // never goes back
    std::uint64_t sent_before = 0;  // by the connection, when it began
    unsigned status = 0;            // 0: none so far
    traffic::Source source = traffic::Source::made;
    std::uint32_t period = 0;                         // of `row`
    TrafficRow* row = nullptr;                        // null: of no project
    std::shared_ptr<const artifacts::Route> route{};  // null: of no project
    std::string line{};                               // "": not to be logged
};

/// `sent_bytes`: by the connection so far; 0 where each request has a stream of its own.
void begin_visit(Loop& loop, Visit& visit, std::uint64_t sent_bytes);

/// `protocol`: "HTTP/1.1", for the log.
void note_visit(Loop& loop, Visit& visit, const Step& step, std::string_view protocol);

/// `sent_bytes`: as above, by now.
void finish_visit(Loop& loop, Visit& visit, std::uint64_t sent_bytes);

}  // namespace berth::edge

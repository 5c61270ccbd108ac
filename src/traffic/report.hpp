#pragma once
/// What an edge tells the api about a project's visitors, and how two such accounts become one. The
/// same members are the columns of the table `traffic`.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "traffic/histogram.hpp"

namespace berth::traffic {

/// Where an answer came from.
enum class Source { memory, miss, file, not_modified, made, proxied };
BOOST_DESCRIBE_ENUM(Source, memory, miss, file, not_modified, made, proxied)
inline constexpr std::size_t sources_max = 6;

struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;  // sent, heads included
    // Of the answers, by status; what has none of these was given up or became a WebSocket.
    std::uint64_t success = 0;        // 2xx
    std::uint64_t redirects = 0;      // 3xx
    std::uint64_t client_errors = 0;  // 4xx
    std::uint64_t server_errors = 0;  // 5xx
    // Of the requests, by where the answer came from.
    std::uint64_t memory = 0;        // kept whole by the edge
    std::uint64_t miss = 0;          // read from the store, and kept now
    std::uint64_t file = 0;          // sent from the store, too large to keep
    std::uint64_t not_modified = 0;  // 304: the visitor had it
    std::uint64_t made = 0;          // redirects and pages of the edge's own
    std::uint64_t proxied = 0;       // a rewrite to another address
};
BOOST_DESCRIBE_STRUCT(Counts, (),
                      (requests, bytes, success, redirects, client_errors, server_errors, memory,
                       miss, file, not_modified, made, proxied))

void add(Counts& into, const Counts& more);
void count_status(Counts& counts, unsigned status);
void count_source(Counts& counts, Source source);

/// A name of a top list. It was asked for at least `requests` - `error` times.
struct Ranked {
    std::string name{};
    std::uint64_t requests = 0;
    std::uint64_t error = 0;
};
BOOST_DESCRIBE_STRUCT(Ranked, (), (name, requests, error))

inline constexpr std::size_t ranked_max = 32;

/// The most frequent first; equal ones by name.
void sort(std::vector<Ranked>& list);

/// Adds by name and keeps the `ranked_max` most frequent, the first of all first.
void add(std::vector<Ranked>& into, const std::vector<Ranked>& more);

inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t hour_ms = 3'600'000;

/// What was counted of one deployment of a project in the minute (or hour) that begins at
/// `begin_ms`.
struct Row : Counts {
    std::string project{};
    std::string deployment{};  // dpl_…; "": of an edge that did not say
    std::int64_t begin_ms = 0;
    std::vector<Bucket> latency{};
    std::vector<Ranked> paths{};      // given; normalised, decoded
    std::vector<Ranked> referrers{};  // hosts
    std::vector<Ranked> missing{};    // paths that were answered with 404
};
BOOST_DESCRIBE_STRUCT(Row, (Counts),
                      (project, deployment, begin_ms, latency, paths, referrers, missing))

/// Everything but project, deployment and time.
void add(Row& into, const Row& more);

/// One message of an edge. The numbers grow by one, so that a repeated one is not counted twice.
struct Report {
    std::string edge{};  // edg_…, made at its start
    std::int64_t sequence = 0;
    std::vector<Row> rows{};
};
BOOST_DESCRIBE_STRUCT(Report, (), (edge, sequence, rows))

inline constexpr std::size_t report_rows_max = 100;

}  // namespace berth::traffic

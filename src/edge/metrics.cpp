#include "edge/metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <filesystem>
#include <sstream>

#include "base/file.hpp"
#include "edge/exposition.hpp"

namespace berth::edge {

namespace {

void add_one(Exposition& text, std::string_view name, std::string_view type, std::string_view help,
             std::uint64_t value) {
    text.family(name, type, help);
    text.sample(value);
}

void add_connections(Exposition& text, const CountersNow& now) {
    add_one(text, "berth_edge_connections_total", "counter", "Connections accepted.",
            now.connections);
    add_one(text, "berth_edge_connections_open", "gauge", "Connections that are open.",
            now.connections_open);
    add_one(text, "berth_edge_handshake_failures_total", "counter",
            "TLS connections that did not come about.", now.handshake_failures);
}

void add_requests(Exposition& text, const CountersNow& now) {
    text.family("berth_edge_requests_total", "counter",
                "Requests answered, by class of status; none: the visitor went away before.");
    constexpr std::array<std::string_view, 6> classes{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t at = 0; at < classes.size(); ++at)
        text.sample(now.classes[at], {{"class", classes[at]}});

    text.family("berth_edge_answers_total", "counter", "Requests, by where the answer came from.");
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<traffic::Source>>(
        [&](auto word) {
            text.sample(now.sources[static_cast<std::size_t>(word.value)], {{"source", word.name}});
        });

    text.family("berth_edge_refusals_total", "counter",
                "Requests and connections refused, by status.");
    for (const auto& [status, count] : now.refusals)
        text.sample(count, {{"status", std::to_string(status)}});

    add_one(text, "berth_edge_sent_bytes_total", "counter", "Bytes sent to visitors.",
            now.bytes_sent);
    add_one(text, "berth_edge_rule_answers_total", "counter",
            "Requests that a rule of the site decided.", now.ruled);
    add_one(text, "berth_edge_proxied_total", "counter",
            "Requests passed on to the api or to a rewrite's address.", now.proxied);
    add_one(text, "berth_edge_proxy_failures_total", "counter",
            "Passed on, and answered by the edge with 5xx.", now.proxy_failures);
}

void add_durations(Exposition& text, const CountersNow& now) {
    text.family("berth_edge_request_duration_seconds", "histogram",
                "From a request's head to its answer's last byte; WebSockets left out.");
    std::array<double, duration_bounds_us.size()> bounds{};
    for (std::size_t at = 0; at < bounds.size(); ++at)
        bounds[at] = static_cast<double>(duration_bounds_us[at]) / 1e6;
    text.histogram(bounds, now.durations, static_cast<double>(now.duration_us) / 1e6);
}

void add_publication(Exposition& text, const EdgeNow& now) {
    add_one(text, "berth_edge_generation", "gauge", "Generation of the routes that are served.",
            static_cast<std::uint64_t>(now.generation));
    add_one(text, "berth_edge_hosts", "gauge", "Hosts that lead somewhere.", now.hosts);
    add_one(text, "berth_edge_hosts_unsettled", "gauge",
            "Hosts whose newest route does not hold; the last good one serves.",
            now.unsettled_hosts);
    text.family(
        "berth_edge_objects_refused_total", "counter",
        "Objects of the store, and routes on our own disk (kept), that did not hold when they "
        "were read.");
    text.sample(now.refused_heads, {{"kind", "head"}});
    text.sample(now.refused_kept, {{"kind", "kept"}});
    text.sample(now.refused_manifests, {{"kind", "manifest"}});
    text.sample(now.refused_routes, {{"kind", "route"}});
}

void add_cache(Exposition& text, const EdgeNow& now) {
    if (!now.cache) return;
    const objects::DiskCacheCounts& cache = *now.cache;
    text.family(
        "berth_edge_cache_reads_total", "counter",
        "Blobs opened by way of the disk: whole (hit), while they came (joined), fetched, or "
        "read without being kept (through).");
    text.sample(cache.fetches, {{"result", "fetched"}});
    text.sample(cache.hits, {{"result", "hit"}});
    text.sample(cache.joined, {{"result", "joined"}});
    text.sample(cache.passed_through, {{"result", "through"}});
    add_one(text, "berth_edge_cache_blobs", "gauge", "Blobs on the disk.", cache.blobs);
    add_one(text, "berth_edge_cache_bytes", "gauge", "Their bytes, with what is on its way.",
            cache.bytes);
    add_one(text, "berth_edge_cache_evicted_total", "counter", "Blobs that made room.",
            cache.evicted);
    add_one(text, "berth_edge_cache_damaged_total", "counter",
            "Blobs whose bytes were not those of their name.", cache.damaged);
}

void add_telling(Exposition& text, const EdgeNow& now) {
    add_one(text, "berth_edge_access_log_lines_total", "counter", "Lines written or about to be.",
            now.access_log_lines);
    add_one(text, "berth_edge_access_log_dropped_total", "counter",
            "Lines that had no room, or that the disk refused.", now.access_log_dropped);
    add_one(text, "berth_edge_traffic_rows_waiting", "gauge",
            "Counted rows that the api has not taken yet.", now.traffic_rows_waiting);
    add_one(text, "berth_edge_traffic_lost_requests_total", "counter",
            "Requests missing in projects' traffic: too many projects, or the api away too long.",
            now.traffic_lost_requests);
}

/// When this process began, in seconds since 1970; 0: the kernel does not say.
double start_seconds() {
    const Result<std::string> own = read_file("/proc/self/stat", 4096);
    const Result<std::string> all = read_file("/proc/stat", 1 << 20);
    if (!own || !all) return 0;
    std::istringstream fields(own->substr(own->rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 19; ++i)
        fields >> skipped;
    double ticks = 0;
    fields >> ticks;
    const std::size_t at = all->find("\nbtime ");
    if (at == all->npos) return 0;
    return std::stod(all->substr(at + 7)) + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t resident_bytes() {
    const Result<std::string> text = read_file("/proc/self/statm", 4096);
    if (!text) return 0;
    std::istringstream fields(*text);
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    fields >> all >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_descriptors() {
    std::error_code failed;
    std::uint64_t count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
         at.increment(failed)) {
        ++count;
    }
    return count;
}

double processor_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// The names that every Prometheus client library uses.
void add_process(Exposition& text) {
    text.family("process_cpu_seconds_total", "counter", "User and system time spent.");
    text.sample(processor_seconds());
    add_one(text, "process_resident_memory_bytes", "gauge", "Memory that is resident.",
            resident_bytes());
    add_one(text, "process_open_fds", "gauge", "Open file descriptors.", open_descriptors());
    text.family("process_start_time_seconds", "gauge", "Start, in seconds since 1970.");
    text.sample(start_seconds());
}

}  // namespace

std::string metrics_text(const EdgeNow& now) {
    Exposition text;
    text.family("berth_build_info", "gauge", "Always 1; the labels say what runs.");
    text.sample(std::uint64_t{1}, {{"version", BERTH_VERSION}, {"role", "edge"}});
    add_one(text, "berth_edge_loops", "gauge", "Threads that serve.", now.loops);
    add_connections(text, now.counters);
    add_requests(text, now.counters);
    add_durations(text, now.counters);
    add_publication(text, now);
    add_cache(text, now);
    add_telling(text, now);
    add_process(text);
    return text.text();
}

}  // namespace berth::edge

#pragma once
/// The edge role: serves sites from the object store's public/ and passes the platform's own host
/// on to the api. It has no database and no broker, and serves on when the control plane is dead.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/task.hpp"
#include "edge/access_log.hpp"
#include "edge/counters.hpp"
#include "edge/metrics.hpp"
#include "http/certificates.hpp"
#include "objects/disk_cache.hpp"
#include "traffic/report.hpp"

namespace berth::edge {

struct EdgeLimits {
    std::chrono::milliseconds head_limit{10'000};
    std::chrono::milliseconds handshake_limit{10'000};  // of TLS, with the PROXY header before it
    std::chrono::milliseconds idle_limit{60'000};
    std::chrono::milliseconds write_limit{30'000};      // without any progress
    std::chrono::milliseconds upstream_limit{150'000};  // silence of the api
    std::chrono::milliseconds end_limit{10'000};        // for open answers, when stopped
    std::chrono::milliseconds idle_end_limit{500};      // for one more request, when stopped
    std::chrono::milliseconds close_limit{2'000};       // for a WebSocket's visitor to agree
    std::uint64_t bytes_per_second_min = 1'024;         // of what is sent and received
    std::size_t connections_max = 20'000;               // per loop
    /// Per loop; trusted proxies and addresses of this machine have no such limit.
    std::size_t connections_per_address_max = 512;
    std::size_t body_memory_bytes = 8 << 20;   // small files in memory, all loops together
    std::size_t site_memory_bytes = 64 << 20;  // sites in use, per loop, shared by all
    std::size_t route_memory_bytes = 8 << 20;  // routes of hosts that are asked for, per loop
};

struct EdgeConfig {
    /// Listening TCP sockets (SO_REUSEPORT where there are several per address), dealt out to the
    /// loops in turn.
    std::vector<Fd> listening{};
    /// The same, for TLS.
    std::vector<Fd> listening_tls{};
    /// What lies there at the start; later sets come by use_certificates().
    std::shared_ptr<const http::CertificateSet> certificates{};
    /// Where visitors in the clear are sent when there is a certificate for their host; 0: nowhere.
    std::uint16_t https_port = 0;
    /// Strict-Transport-Security of answers over our own TLS, in seconds; 0: none.
    std::int64_t hsts_s = 0;
    /// Connections of trusted proxies begin with the PROXY header.
    bool proxy_protocol = false;
    /// Whether HTTP/2 is spoken in the clear to those who begin with it (RFC 9113 §3.3).
    bool h2c = false;
    std::size_t loops = 1;
    std::string public_directory{};  // the object store's public/, of this machine;
    /// or a store that is elsewhere: one for small objects, whose calls end within seconds, and one
    /// for blobs, with the cache that they go through. They outlive the edge.
    struct Remote {
        objects::ObjectStore* small = nullptr;
        objects::ObjectStore* blobs = nullptr;
        objects::DiskCacheConfig cache{};
    };
    std::optional<Remote> remote{};
    std::string state_directory{};  // our own: the last good generation
    /// Normalised hosts that are the platform's own.
    std::vector<std::string> platform_hosts{};
    /// Whether requests to an address literal are the platform's too.
    bool platform_on_ip = false;
    /// Sites of different people are names below it: none may set a cookie for it. "": unknown.
    std::string base_host{};
    std::string api_socket{};
    /// When set, nothing is passed on: the platform's hosts are told that it is at this address.
    std::string platform_elsewhere{};
    std::vector<std::string> trusted_proxies{};  // CIDRs
    std::string country_header{};                // that a trusted proxy sets; "": none
    std::vector<std::string> rewrite_nets{};     // CIDR[:PORT] that rewrites may reach
    std::string ca_file{};                       // trusted beside the system's, for rewrites
    std::chrono::milliseconds poll_every{1'000};
    AccessLogConfig access_log{};
    EdgeLimits limits{};
    /// Called once by run(), when the newest routes that hold are served.
    std::function<void()> on_ready{};
};

class Edge {
public:
    /// Throws: a malformed trusted proxy, or a state directory that cannot be made.
    explicit Edge(EdgeConfig config);
    ~Edge();

    /// Serves until stopped; blocks.
    void run();

    /// From any thread: no new connections; what waits at the listening sockets is left to whoever
    /// else has them. The next answer of a connection is its last and says so; a connection that
    /// waits gets `limit` to ask once more. HTTP/2 is told twice, WebSockets between two frames,
    /// event streams end between two events. What is open after `limit` is closed; run() returns.
    void drain(std::chrono::milliseconds limit);

    /// The same within `end_limit`, and `idle_end_limit` for connections that wait; also while it
    /// drains.
    void stop();

    /// From any thread. Connections that are open keep what they have.
    void use_certificates(std::shared_ptr<const http::CertificateSet> certificates);

    /// From any thread: the hint that something was published.
    void refresh();

    /// From any thread.
    CountersNow counters() const;
    /// Of the routes that every loop serves.
    std::int64_t generation() const;

    /// From any thread: everything that /metrics says, but for what the reports to the api say.
    EdgeNow now() const;

    /// From any loop: what was counted of projects since the last time. A loop that has ended gives
    /// nothing more.
    Task<std::vector<traffic::Row>> take_traffic();
    /// The same once run() has returned: what is left.
    std::vector<traffic::Row> take_last_traffic();

    /// From any loop. Nothing: the store is of this machine.
    Task<std::optional<objects::DiskCacheCounts>> cache_counts();

    /// From any thread: asks every loop for a sign of life. The number falls to 0 as they answer.
    std::shared_ptr<const std::atomic<std::size_t>> knock();
    /// From any thread: serving, and not about to end.
    bool ready() const;

private:
    struct Inside;
    void end(std::chrono::milliseconds limit, std::chrono::milliseconds idle_limit);
    std::unique_ptr<Inside> inside_;
};

}  // namespace berth::edge

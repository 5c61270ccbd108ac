#pragma once
/// What one loop of the edge owns: its connections, its pointer to the host table, its memory of
/// bodies and sites. Nothing here is shared with another loop but `Outside`.

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "edge/access.hpp"
#include "edge/access_log.hpp"
#include "edge/blobs.hpp"
#include "edge/counters.hpp"
#include "edge/edge.hpp"
#include "edge/host_table.hpp"
#include "edge/known_routes.hpp"
#include "edge/publication.hpp"
#include "edge/remote_blobs.hpp"
#include "edge/remote_public.hpp"
#include "edge/rewrite_reach.hpp"
#include "edge/shelf.hpp"
#include "edge/traffic.hpp"
#include "edge/upstream.hpp"
#include "edge/visit.hpp"
#include "edge/visitor_address.hpp"
#include "http/acceptor.hpp"
#include "http/certificates.hpp"
#include "http/deadlines.hpp"
#include "http/stream.hpp"
#include "visitors/role_key.hpp"

namespace berth::edge {

/// What all loops refer to: settings, and the publication on its own thread.
struct Outside {
    EdgeLimits limits{};
    std::string public_directory{};
    std::set<std::string, std::less<>> platform_hosts{};
    bool platform_on_ip = false;
    std::string base_host{};
    std::string api_socket{};
    std::string platform_elsewhere{};
    TrustedProxies proxies{};
    http::TlsServer tls{};
    std::uint16_t https_port = 0;
    std::string hsts{};  // the field's line, or ""
    bool proxy_protocol = false;
    bool h2c = false;
    std::string country_field{};  // lower case
    RewriteReach reach{};
    asio::ssl::context client_tls{asio::ssl::context::tls_client};
    std::chrono::milliseconds poll_every{1'000};
    std::size_t loops = 1;
    asio::io_context publication_loop{1};
    std::unique_ptr<PublicFiles> store{};
    RemotePublic* remote = nullptr;               // the same, where it is elsewhere
    std::unique_ptr<RemoteBlobs> remote_blobs{};  // and then these
    std::unique_ptr<Publication> publication{};
    /// On the publication's thread: gives the loops its table, if that changed.
    std::function<void()> share_table{};
    std::unique_ptr<AccessLog> access_log{};  // null: off
};

struct Connection;
struct RouteLoad;
class H2Connection;

/// A listening socket.
struct Door {
    std::unique_ptr<http::Acceptor> acceptor{};
    bool tls = false;
};

struct Loop {
    explicit Loop(Outside& outside);
    Loop(const Loop&) = delete;
    ~Loop();

    /// Whether one more connection from that address is one too many.
    bool is_crowded(const std::string& peer) const;

    /// No new connections; those that are open end, in order: see Edge::drain(). Again, it can only
    /// shorten `idle_limit`. On the loop.
    void end(std::chrono::milliseconds idle_limit);

    /// How long a connection may wait for a request.
    std::chrono::milliseconds idle_limit() const;

    Outside& outside;
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    http::Deadlines deadlines{io.get_executor()};
    std::shared_ptr<const HostTable> table{};
    Blobs blobs;
    KnownRoutes routes;
    Shelf<std::string, std::shared_ptr<const Site>> sites;
    std::unordered_map<std::string, std::shared_ptr<RouteLoad>> route_loads{};  // by host
    UpstreamPool upstreams;
    PassMemory passes{};
    visitors::RoleMemory roles{};
    Counters counters{};
    std::vector<Door> doors{};
    Traffic traffic{};
    AccessFeed* access = nullptr;  // null: off
    std::set<Connection*> connections{};
    std::unordered_map<std::string, std::size_t> connections_of{};  // by address, limited ones only
    bool ending = false;
    std::int64_t idle_end_ms = 0;      // of the steady clock: when connections that wait are closed
    asio::steady_timer end_begun{io};  // canceled when `ending` becomes true

    // Scratch of the request at hand; nothing in it outlives a suspension.
    http::HeadView head{};
    std::string host{};
    std::string path{};
    std::string_view peer{};
    const Connection* asking = nullptr;
    std::shared_ptr<const artifacts::Route> route{};  // that the host leads to
    std::string referrer{};
};

struct Connection {
    /// `inner`: a stream of another connection's, which is counted already.
    Connection(Loop& owner, http::Accepted accepted, bool over_tls, bool inner = false);
    Connection(const Connection&) = delete;
    ~Connection();

    /// Whom a balancer says it speaks for.
    void set_peer(std::string address);

    /// Adds what was sent since the last time to the loop's count.
    void count_sent();
    /// A stream of an HTTP/2 connection.
    bool is_inner() const { return inner_; }
    /// Whether the request at hand, whose head is consumed, may be followed by another: not when
    /// the loop is to end, unless that one is here already.
    bool may_go_on();

    Loop& loop;
    http::Stream stream;
    std::string peer;
    bool secure;                // over our own TLS
    std::string server_name{};  // that the visitor named when TLS began, normalised
    Visit visit{};              // of the request at hand
    asio::cancellation_signal stop{};
    bool idle = false;  // waits between two requests, with nothing received
    H2Connection* h2 = nullptr;

private:
    void count(bool more);

    bool inner_;
    std::uint64_t counted_bytes_ = 0;
};

/// What becomes of the connection after a request.
enum class After { request, linger, close };

/// From its first byte to its last.
Task<> serve_connection(std::shared_ptr<Connection> connection);
/// The part of it that speaks HTTP/1.1.
Task<> serve_requests(std::shared_ptr<Connection> connection);

}  // namespace berth::edge

#include "edge/opening.hpp"

#include "http/h2_session.hpp"
#include "http/normalise.hpp"
#include "http/proxy_protocol.hpp"

namespace berth::edge {

namespace {

/// Reads the header that a trusted balancer begins with. False: it did not, or too slowly.
Task<bool> read_proxy_header(Connection& connection) {
    using enum http::ProxyHeader::Kind;
    http::Stream& stream = connection.stream;
    while (true) {  // ends with the header, with what is none, or at the limit
        http::ProxyHeader header = http::parse_proxy_header(stream.buffered());
        if (header.kind == whole) {
            stream.consume(header.bytes);
            if (header.peer.empty()) co_return true;
            if (connection.loop.is_crowded(header.peer)) {
                connection.loop.counters.refuse(503);
                co_return false;
            }
            connection.set_peer(std::move(header.peer));
            co_return true;
        }
        if (header.kind == malformed) {
            connection.loop.counters.refuse(400);
            co_return false;
        }
        const bool more = co_await stream.fill();
        if (!more) co_return false;
    }
}

}  // namespace

Task<bool> open_connection(Connection& connection) {
    Loop& loop = connection.loop;
    http::Stream& stream = connection.stream;
    const bool introduced =
        loop.outside.proxy_protocol && loop.outside.proxies.contains(connection.peer);
    if (!introduced && !connection.secure) co_return true;
    stream.limit(loop.outside.limits.handshake_limit);
    if (introduced) {
        const bool read = co_await read_proxy_header(connection);
        if (!read) co_return false;
    }
    if (connection.secure) {
        const bool done = co_await stream.handshake(loop.outside.tls.accept());
        if (!done) {
            Counters::add(loop.counters.handshake_failures);
            co_return false;
        }
        connection.server_name = http::normalise_host(stream.tls()->server_name()).value_or("");
    }
    stream.no_limit();
    co_return true;
}

Task<bool> speaks_h2(Connection& connection) {
    http::Stream& stream = connection.stream;
    if (const http::Tls* tls = stream.tls()) co_return tls->protocol() == "h2";
    if (!connection.loop.outside.h2c) co_return false;
    stream.limit(connection.loop.outside.limits.head_limit);
    bool more = true;
    while (more && stream.buffered().size() < http::h2_preface.size() &&
           http::h2_preface.starts_with(stream.buffered())) {
        more = co_await stream.fill();
    }
    stream.no_limit();
    co_return stream.buffered().starts_with(http::h2_preface);
}

}  // namespace berth::edge

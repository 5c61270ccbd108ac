#include "edge/relay.hpp"

#include <boost/asio/experimental/parallel_group.hpp>

#include "edge/send.hpp"
#include "edge/site_fields.hpp"
#include "edge/tunnel.hpp"
#include "http/chunked.hpp"
#include "http/message.hpp"

namespace berth::edge {

using http::Framing;

namespace {

enum class Until { more, more_or_end };

/// Waits for either side, or also for the end of this edge.
Task<> wait_for_any(Connection& connection, http::Stream& upstream, Until until) {
    const auto here = co_await asio::this_coro::executor;
    const auto first = asio::experimental::wait_for_one();
    if (until == Until::more) {
        auto either = asio::experimental::make_parallel_group(
            asio::co_spawn(here, upstream.wait_readable(), asio::deferred),
            asio::co_spawn(here, connection.stream.wait_readable(), asio::deferred));
        co_await either.async_wait(first, asio::use_awaitable);
        co_return;
    }
    auto any = asio::experimental::make_parallel_group(
        asio::co_spawn(here, upstream.wait_readable(), asio::deferred),
        asio::co_spawn(here, connection.stream.wait_readable(), asio::deferred),
        connection.loop.end_begun.async_wait(asio::deferred));
    co_await any.async_wait(first, asio::use_awaitable);
}

/// Receives from the api. A visitor who goes away meanwhile ends the wait: the api must not work,
/// or give a job, for nobody. False: one of the two has gone, or the limit is over. With
/// `more_or_end` it is true with nothing received when the edge is to end.
Task<bool> fill_while_awaited(Connection& connection, http::Stream& upstream,
                              Until until = Until::more) {
    bool watched = connection.stream.buffered().empty();
    while (true) {  // ends when something came, or when either side is gone
        const int got = upstream.may_fill() ? upstream.try_fill() : 0;
        if (got != 0) co_return got > 0;
        if (!watched) {
            const bool ready = co_await upstream.wait_readable();
            if (!ready) co_return false;
            continue;
        }
        co_await wait_for_any(connection, upstream, until);
        if (upstream.expired() || connection.stream.peer_gone()) co_return false;
        if (until == Until::more_or_end && connection.loop.ending) co_return true;
        // Readable and not gone: the next request has come, and would be seen again and again.
        const bool next_came = connection.stream.try_fill() > 0;
        watched = !next_came;
    }
}

}  // namespace

Task<std::size_t> wait_for_reply(Connection& connection, http::Stream& upstream, ReplyHead& reply) {
    std::size_t scanned = 0;
    upstream.limit(connection.loop.outside.limits.upstream_limit);
    while (true) {  // ends with a final head, or when none comes
        const http::HeadEnd end = http::find_head_end(upstream.buffered(), scanned);
        if (end.refusal) co_return 0;
        if (end.bytes > 0) {
            if (!parse_reply_head(upstream.buffered_in_place().first(end.bytes), reply))
                co_return 0;
            if (reply.status >= 200 || reply.status == 101) co_return end.bytes;
            upstream.consume(end.bytes);
            scanned = 0;
            continue;
        }
        const bool more = co_await fill_while_awaited(connection, upstream);
        if (!more) co_return 0;
    }
}

namespace {

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// How the answer's body is framed towards the visitor.
struct Relay {
    Framing from = Framing::none;
    bool until_close = false;
    std::uint64_t bytes = 0;
    bool to_chunks = false;
    bool keep_alive = false;
    bool events = false;  // an event stream: its reader comes again and goes on
};

/// Follows an event stream's blank lines, which end its events.
class EventTrack {
public:
    void take(std::string_view bytes) {
        for (const char byte : bytes.substr(bytes.size() - std::min<std::size_t>(4, bytes.size())))
            last_ = (last_ << 8U) | static_cast<std::uint8_t>(byte);
        begun_ = begun_ || !bytes.empty();
    }
    bool is_between_events() const {
        constexpr std::uint32_t line_feeds = 0x0a0a;
        constexpr std::uint32_t returns = 0x0d0d;
        constexpr std::uint32_t both = 0x0d0a0d0a;
        return !begun_ || (last_ & 0xffffU) == line_feeds || (last_ & 0xffffU) == returns ||
               last_ == both;
    }

private:
    std::uint32_t last_ = 0;
    bool begun_ = false;
};

bool is_event_stream(const ReplyHead& reply) {
    return std::ranges::any_of(reply.fields, [](const http::FieldView& field) {
        return field.name == "content-type" && field.value.starts_with("text/event-stream");
    });
}

Relay make_relay(Connection& connection, const ReplyHead& reply, const Passing& passing,
                 bool request_is_whole) {
    Relay relay;
    const bool bodiless = passing.head_only || reply.status == 204 || reply.status == 304;
    if (!bodiless) {
        relay.from = reply.framing;
        relay.until_close = reply.until_close;
        relay.bytes = reply.content_bytes;
        relay.to_chunks = passing.http_1_1 && reply.framing != Framing::length;
    }
    const bool framed = bodiless || relay.from == Framing::length || relay.to_chunks;
    relay.keep_alive = passing.keep_alive && request_is_whole && framed && connection.may_go_on();
    relay.events = relay.to_chunks && is_event_stream(reply);
    return relay;
}

std::string visitor_head(const Connection& connection, const Passing& passing,
                         const ReplyHead& reply, const Relay& relay) {
    const unsigned status = reply.status == 200 ? passing.status : reply.status;
    std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, http::reason_phrase(status));
    for (const http::FieldView& field : reply.fields) {
        if (is_hop_by_hop(field.name, reply.connection)) continue;
        if (passing.of_site) {
            const bool replaced = std::ranges::any_of(
                passing.fields, [&](const rules::Field& mine) { return mine.name == field.name; });
            if (replaced) continue;
            if (field.name == "set-cookie" && leaves_home(connection.loop, field.value)) continue;
        }
        add(head, field.name, field.value);
    }
    for (const rules::Field& field : passing.fields) {
        if (field.value) add(head, field.name, *field.value);
    }
    head += hsts_line(connection, head);
    if (reply.status == 101) {
        return head + "connection: upgrade\r\nupgrade: websocket\r\n\r\n";
    }
    if (reply.framing == Framing::length && reply.status != 204) {
        add(head, "content-length", std::to_string(reply.content_bytes));
    }
    if (relay.to_chunks) add(head, "transfer-encoding", "chunked");
    if (!relay.keep_alive) add(head, "connection", "close");
    return head + "\r\n";
}

/// Takes the next piece of the answer's body from what is buffered.
struct Piece {
    std::string_view data{};
    std::size_t consumed = 0;
    bool ended = false;
    bool broken = false;
};

Piece next_piece(Relay& relay, http::ChunkedDecoder& chunks, std::string_view buffered) {
    Piece piece;
    if (relay.from == Framing::chunked) {
        const auto step = chunks.step(buffered);
        piece = {step.data, step.consumed, chunks.done(), chunks.broken()};
    } else if (relay.until_close) {
        piece = {buffered, buffered.size(), false, false};
    } else {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(relay.bytes, buffered.size()));
        relay.bytes -= size;
        piece = {buffered.substr(0, size), size, relay.bytes == 0, false};
    }
    return piece;
}

Task<bool> send_piece(Connection& connection, const Relay& relay, std::string_view data) {
    if (data.empty()) co_return true;
    connection.stream.limit(connection.loop.outside.limits.write_limit);
    bool sent = false;
    if (relay.to_chunks) {
        const std::string size = fmt::format("{:x}\r\n", data.size());
        sent = co_await connection.stream.write(size, data, "\r\n");
    } else {
        sent = co_await connection.stream.write(data);
    }
    connection.stream.no_limit();
    co_return sent;
}

enum class Relayed { whole, cut, broken };

/// Each piece goes out as it comes: event streams are not buffered. Cut: whole for the visitor, but
/// the other side has more to say. Broken: one side did.
Task<Relayed> relay_body(Connection& connection, http::Stream& upstream, Relay relay) {
    const EdgeLimits& limits = connection.loop.outside.limits;
    http::ChunkedDecoder chunks;
    EventTrack events;
    bool cut = false;
    bool ended = relay.from == Framing::none && !relay.until_close;
    ended = ended || (relay.from == Framing::length && relay.bytes == 0);
    while (!ended) {
        cut = relay.events && connection.loop.ending && events.is_between_events();
        if (cut) break;
        const Piece piece = next_piece(relay, chunks, upstream.buffered());
        if (piece.broken) co_return Relayed::broken;
        if (relay.events) events.take(piece.data);
        const bool sent = co_await send_piece(connection, relay, piece.data);
        if (!sent) co_return Relayed::broken;
        upstream.consume(piece.consumed);
        ended = piece.ended;
        if (ended || piece.consumed > 0) continue;
        upstream.limit(limits.upstream_limit);
        const Until until =
            relay.events && !connection.loop.ending ? Until::more_or_end : Until::more;
        const bool more = co_await fill_while_awaited(connection, upstream, until);
        if (!more) {
            if (!relay.until_close || upstream.expired()) co_return Relayed::broken;
            ended = true;
        }
    }
    if (relay.to_chunks) {
        connection.stream.limit(limits.write_limit);
        const bool sent = co_await connection.stream.write("0\r\n\r\n");
        connection.stream.no_limit();
        if (!sent) co_return Relayed::broken;
    }
    co_return cut ? Relayed::cut : Relayed::whole;
}

/// A switch to anything else was not asked for: RFC 9110 §7.8.
bool switches_to_websocket(const ReplyHead& reply) {
    return std::ranges::any_of(reply.fields, [](const http::FieldView& field) {
        return field.name == "upgrade" && http::equal_but_for_case(field.value, "websocket");
    });
}

}  // namespace

Task<After> relay_reply(Connection& connection, const Passing& passing, bool request_is_whole,
                        UpstreamPool::Lent lent, const ReplyHead& reply, std::size_t head_bytes) {
    http::Stream& upstream = *lent.stream;
    if (reply.status == 101 && !(passing.upgrade && switches_to_websocket(reply))) {
        const After after =
            co_await say(connection, passing, 502, "bad_gateway", "What was asked made no sense.");
        co_return after;
    }
    const Relay relay = make_relay(connection, reply, passing, request_is_whole);
    const std::string head = visitor_head(connection, passing, reply, relay);
    const bool reusable = reply.keep_alive && request_is_whole;
    const bool switched = reply.status == 101;
    connection.visit.status = reply.status == 200 ? passing.status : reply.status;
    upstream.consume(head_bytes);
    connection.stream.limit(connection.loop.outside.limits.write_limit);
    const bool begun = co_await connection.stream.write(head);
    connection.stream.no_limit();
    if (!begun) co_return After::close;
    if (switched) {
        Tunnel tunnel(connection, upstream);
        const After after = co_await tunnel.run();
        co_return after;
    }
    const Relayed relayed = co_await relay_body(connection, upstream, relay);
    if (relayed == Relayed::broken) co_return After::close;
    const bool clean = relayed == Relayed::whole && upstream.buffered().empty();
    if (reusable && !passing.of_site && clean) {
        connection.loop.upstreams.give_back(std::move(lent.stream));
    }
    co_return relay.keep_alive&& relayed == Relayed::whole ? After::request : After::linger;
}

}  // namespace berth::edge

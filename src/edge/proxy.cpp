#include "edge/proxy.hpp"

#include <boost/asio/experimental/parallel_group.hpp>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "edge/negotiation.hpp"
#include "edge/send.hpp"
#include "edge/site_answer.hpp"
#include "http/body_reader.hpp"
#include "http/chunked.hpp"
#include "http/message.hpp"

namespace berth::edge {

namespace {

using http::Framing;

constexpr std::size_t piece_bytes = 16 << 10;
constexpr std::int64_t grace_ms = 10'000;
constexpr std::chrono::milliseconds body_silence_max{30'000};

/// What is kept of a request while its answer is awaited.
struct Passing {
    std::string head{};
    std::string accept{};
    Framing framing = Framing::none;
    bool head_only = false;
    bool http_1_1 = true;
    bool keep_alive = true;
    bool upgrade = false;
    bool repeatable = false;  // a second try cannot do a thing twice
};

bool says_who_asks(std::string_view name) {
    return name.starts_with("x-forwarded-") || name.starts_with("x-berth-") ||
           name == "forwarded" || name == "x-real-ip" || name == "x-client-ip" ||
           name == "true-client-ip";
}

void add(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

/// Our own words from the parsed fields, never the received bytes.
Passing make_passing(const Connection& connection) {
    const http::HeadView& head = connection.loop.head;
    Passing passing;
    passing.framing = head.framing;
    passing.head_only = head.verb == "HEAD";
    passing.http_1_1 = head.http_1_1;
    passing.keep_alive = head.keep_alive;
    passing.upgrade = http::lists_word(head.upgrade, "websocket");
    passing.accept = head.get("accept");
    passing.repeatable = head.framing == Framing::none && !passing.upgrade &&
                         (head.verb == "GET" || head.verb == "HEAD" || head.verb == "OPTIONS");
    std::string& text = passing.head;
    text.reserve(1'024);
    text.append(head.verb).append(" ").append(head.path);
    if (!head.query.empty()) text.append("?").append(head.query);
    text.append(" HTTP/1.1\r\n");
    add(text, "host", head.authority);
    const std::string_view hops = head.get("connection");
    for (const http::FieldView& field : head.all()) {
        if (field.name == "host" || field.name == "expect" || is_hop_by_hop(field.name, hops) ||
            says_who_asks(field.name)) {
            continue;
        }
        add(text, field.name, field.value);
    }
    const Visitor visitor = connection.loop.outside.proxies.visitor_of(connection.peer, head);
    add(text, "x-forwarded-for", visitor.address);
    add(text, "x-forwarded-proto", visitor.secure ? "https" : "http");
    add(text, "x-forwarded-host", head.authority);
    add(text, "x-berth-peer", visitor.address);
    add(text, "x-berth-secure", visitor.secure ? "1" : "0");
    if (head.framing == Framing::length) {
        add(text, "content-length", std::to_string(head.content_bytes));
    } else if (head.framing == Framing::chunked) {
        add(text, "transfer-encoding", "chunked");
    }
    if (passing.upgrade) text += "connection: upgrade\r\nupgrade: websocket\r\n";
    text += "\r\n";
    return passing;
}

Task<After> say(Connection& connection, const Passing& passing, unsigned status,
                std::string_view code, std::string_view detail) {
    if (status >= 500) Counters::add(connection.loop.counters.proxy_failures);
    const std::string_view retry = status >= 500 ? "retry-after: 2\r\n" : "";
    SiteAnswer answer = answer_page(status, code, detail, passing.accept, retry);
    // What is unread of the request, or half-sent, ends with the connection.
    const Sending sending{passing.head_only, false};
    const bool sent = co_await send_answer(connection, answer, sending);
    co_return sent ? After::linger : After::close;
}

enum class Pumped { whole, early_answer, client_gone, malformed, too_slow };

bool is_too_slow(std::int64_t began_ms, std::uint64_t bytes, std::uint64_t rate_min) {
    const std::int64_t late = steady_now_ms() - began_ms - grace_ms;
    return late > 0 && bytes < static_cast<std::uint64_t>(late) * rate_min / 1'000;
}

/// Sends the request's body on, until it is whole or the api answers early.
Task<Pumped> pump_body(Connection& connection, http::BodyReader& body, http::Stream& upstream,
                       Framing framing) {
    const EdgeLimits& limits = connection.loop.outside.limits;
    const std::int64_t began = steady_now_ms();
    std::uint64_t total = 0;
    std::string piece(piece_bytes, '\0');
    const std::span<char> into(piece);
    while (!body.is_whole()) {
        const Result<std::size_t> got = co_await body.read(into);
        if (!got) {
            if (got.error().failure == Failure::invalid) co_return Pumped::malformed;
            if (got.error().failure == Failure::timed_out) co_return Pumped::too_slow;
            co_return Pumped::client_gone;
        }
        total += *got;
        if (is_too_slow(began, total, limits.bytes_per_second_min)) co_return Pumped::too_slow;
        const std::string_view data = std::string_view(piece).substr(0, *got);
        upstream.limit(limits.upstream_limit);
        bool sent = true;
        if (framing == Framing::length) {
            sent = co_await upstream.write(data);
        } else if (!data.empty()) {
            const std::string size = fmt::format("{:x}\r\n", data.size());
            sent = co_await upstream.write(size, data, "\r\n");
        }
        if (!sent || upstream.try_fill() != 0) co_return Pumped::early_answer;
    }
    if (framing == Framing::chunked) {
        const bool ended = co_await upstream.write("0\r\n\r\n");
        if (!ended) co_return Pumped::early_answer;
    }
    co_return Pumped::whole;
}

/// Waits for a final head, over interim ones. 0: the api went away, stayed silent, or made no
/// sense; `silent` says which.
Task<std::size_t> wait_for_reply(http::Stream& upstream, ReplyHead& reply,
                                 std::chrono::milliseconds limit) {
    std::size_t scanned = 0;
    upstream.limit(limit);
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
        const bool more = co_await upstream.fill();
        if (!more) co_return 0;
    }
}

/// How the answer's body is framed towards the visitor.
struct Relay {
    Framing from = Framing::none;
    bool until_close = false;
    std::uint64_t bytes = 0;
    bool to_chunks = false;
    bool keep_alive = false;
};

Relay make_relay(const ReplyHead& reply, const Passing& passing, bool request_is_whole) {
    Relay relay;
    const bool bodiless = passing.head_only || reply.status == 204 || reply.status == 304;
    if (!bodiless) {
        relay.from = reply.framing;
        relay.until_close = reply.until_close;
        relay.bytes = reply.content_bytes;
        relay.to_chunks = passing.http_1_1 && reply.framing != Framing::length;
    }
    const bool framed = bodiless || relay.from == Framing::length || relay.to_chunks;
    relay.keep_alive = passing.keep_alive && request_is_whole && framed;
    return relay;
}

std::string visitor_head(const ReplyHead& reply, const Relay& relay) {
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\n", reply.status, http::reason_phrase(reply.status));
    for (const http::FieldView& field : reply.fields) {
        if (!is_hop_by_hop(field.name, reply.connection)) add(head, field.name, field.value);
    }
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

/// Each piece goes out as it comes: event streams are not buffered. False: one side broke.
Task<bool> relay_body(Connection& connection, http::Stream& upstream, Relay relay) {
    const EdgeLimits& limits = connection.loop.outside.limits;
    http::ChunkedDecoder chunks;
    bool ended = relay.from == Framing::none && !relay.until_close;
    ended = ended || (relay.from == Framing::length && relay.bytes == 0);
    while (!ended) {
        const Piece piece = next_piece(relay, chunks, upstream.buffered());
        if (piece.broken) co_return false;
        const bool sent = co_await send_piece(connection, relay, piece.data);
        if (!sent) co_return false;
        upstream.consume(piece.consumed);
        ended = piece.ended;
        if (ended || piece.consumed > 0) continue;
        upstream.limit(limits.upstream_limit);
        const bool more = co_await upstream.fill();
        if (!more) {
            if (!relay.until_close || upstream.expired()) co_return false;
            ended = true;
        }
    }
    if (relay.to_chunks) {
        connection.stream.limit(limits.write_limit);
        const bool sent = co_await connection.stream.write("0\r\n\r\n");
        connection.stream.no_limit();
        co_return sent;
    }
    co_return true;
}

Task<> pump_raw(http::Stream& from, http::Stream& to) {
    bool open = true;
    while (open) {
        const bool sent = co_await to.write(from.buffered());
        if (!sent) {
            from.close();
            break;
        }
        from.consume(from.buffered().size());
        open = co_await from.fill();
    }
    to.end_sending();
}

/// Raw bytes both ways, after the 101. Ends when both directions have; the api's pings find a
/// visitor that is gone.
Task<After> tunnel(Connection& connection, http::Stream& upstream) {
    const auto here = co_await asio::this_coro::executor;
    connection.stream.no_limit();
    upstream.no_limit();
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(here, pump_raw(connection.stream, upstream), asio::deferred),
        asio::co_spawn(here, pump_raw(upstream, connection.stream), asio::deferred));
    const auto all = asio::experimental::wait_for_all();
    co_await both.async_wait(all, asio::use_awaitable);
    co_return After::close;
}

Task<After> relay_reply(Connection& connection, const Passing& passing, bool request_is_whole,
                        UpstreamPool::Lent lent, const ReplyHead& reply, std::size_t head_bytes) {
    http::Stream& upstream = *lent.stream;
    if (reply.status == 101 && !passing.upgrade) {
        const After after =
            co_await say(connection, passing, 502, "bad_gateway", "Berth's api made no sense.");
        co_return after;
    }
    const Relay relay = make_relay(reply, passing, request_is_whole);
    const std::string head = visitor_head(reply, relay);
    const bool reusable = reply.keep_alive && request_is_whole;
    const bool switched = reply.status == 101;
    upstream.consume(head_bytes);
    connection.stream.limit(connection.loop.outside.limits.write_limit);
    bool whole = co_await connection.stream.write(head);
    connection.stream.no_limit();
    if (!whole) co_return After::close;
    if (switched) {
        const After after = co_await tunnel(connection, upstream);
        co_return after;
    }
    whole = co_await relay_body(connection, upstream, relay);
    if (!whole) co_return After::close;
    if (reusable && upstream.buffered().empty()) {
        connection.loop.upstreams.give_back(std::move(lent.stream));
    }
    co_return relay.keep_alive ? After::request : After::linger;
}

/// One try on one upstream connection. Nothing: the connection was stale; try another.
Task<std::optional<After>> try_once(Connection& connection, const Passing& passing,
                                    http::BodyReader& body, UpstreamPool::Lent lent) {
    const EdgeLimits& limits = connection.loop.outside.limits;
    http::Stream& upstream = *lent.stream;
    upstream.limit(limits.write_limit);
    const bool sent = co_await upstream.write(passing.head);
    Pumped pumped = sent ? Pumped::whole : Pumped::early_answer;
    if (sent && !body.is_whole()) {
        pumped = co_await pump_body(connection, body, upstream, passing.framing);
    }
    switch (pumped) {
        case Pumped::client_gone:
            co_return After::close;
        case Pumped::malformed: {
            connection.loop.counters.refuse(400);
            const After after =
                co_await say(connection, passing, 400, "malformed_chunk", "The body is malformed.");
            co_return after;
        }
        case Pumped::too_slow: {
            connection.loop.counters.refuse(408);
            const After after = co_await say(connection, passing, 408, "body_too_slow",
                                             "The body did not come in time.");
            co_return after;
        }
        default:
            break;
    }
    ReplyHead reply;
    const std::size_t bytes = co_await wait_for_reply(upstream, reply, limits.upstream_limit);
    if (bytes == 0) {
        if (lent.used_before && passing.repeatable && upstream.buffered().empty() &&
            !upstream.expired()) {
            co_return std::nullopt;
        }
        const unsigned status = upstream.expired() ? 504 : 502;
        const After after = co_await say(connection, passing, status,
                                         status == 504 ? "gateway_timeout" : "bad_gateway",
                                         "Berth's api did not answer. Sites are not affected.");
        co_return after;
    }
    const bool whole = pumped == Pumped::whole;
    const After after =
        co_await relay_reply(connection, passing, whole, std::move(lent), reply, bytes);
    co_return after;
}

}  // namespace

Task<After> pass_on(Connection& connection, std::size_t head_bytes) {
    Loop& loop = connection.loop;
    const Passing passing = make_passing(connection);
    http::BodyReader body(connection.stream, loop.head, UINT64_MAX, body_silence_max);
    connection.stream.consume(head_bytes);
    connection.stream.no_limit();
    Counters::add(loop.counters.proxied);
    for (int attempt = 0; attempt < 2; ++attempt) {
        UpstreamPool::Lent lent = attempt == 0 ? loop.upstreams.take() : loop.upstreams.connect();
        if (!lent.stream) break;
        const std::optional<After> after =
            co_await try_once(connection, passing, body, std::move(lent));
        if (after) co_return *after;
    }
    const After after = co_await say(connection, passing, 503, "api_unavailable",
                                     "Berth is restarting. Sites are not affected.");
    co_return after;
}

}  // namespace berth::edge

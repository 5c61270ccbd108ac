#include "edge/proxy.hpp"

#include "base/clock.hpp"
#include "edge/passing.hpp"
#include "edge/relay.hpp"
#include "http/body_reader.hpp"

namespace berth::edge {

namespace {

using http::Framing;

constexpr std::size_t piece_bytes = 16 << 10;
constexpr std::int64_t grace_ms = 10'000;
constexpr std::chrono::milliseconds body_silence_max{30'000};

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
        if (!sent) co_return Pumped::early_answer;
        // Once the body is whole no answer is early: the api may have seen all of it already.
        if (!body.is_whole() && upstream.try_fill() != 0) co_return Pumped::early_answer;
    }
    if (framing == Framing::chunked) {
        const bool ended = co_await upstream.write("0\r\n\r\n");
        if (!ended) co_return Pumped::early_answer;
    }
    co_return Pumped::whole;
}

}  // namespace

Task<std::optional<After>> exchange(Connection& connection, const Passing& passing,
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
    const std::size_t bytes = co_await wait_for_reply(connection, upstream, reply);
    if (bytes == 0 && connection.stream.peer_gone()) co_return After::close;
    if (bytes == 0) {
        if (lent.used_before && passing.repeatable && upstream.buffered().empty() &&
            !upstream.expired()) {
            co_return std::nullopt;
        }
        const unsigned status = upstream.expired() ? 504 : 502;
        const After after = co_await say(
            connection, passing, status, status == 504 ? "gateway_timeout" : "bad_gateway",
            passing.of_site ? "The address that this site is rewritten to did not "
                              "answer."
                            : "Berth's api did not answer. Sites are not affected.");
        co_return after;
    }
    const bool whole = pumped == Pumped::whole;
    const After after =
        co_await relay_reply(connection, passing, whole, std::move(lent), reply, bytes);
    co_return after;
}

Task<After> pass_on(Connection& connection, std::size_t head_bytes) {
    Loop& loop = connection.loop;
    const Passing passing = make_passing(connection);
    http::BodyReader body(connection.stream, loop.head, UINT64_MAX, body_silence_max);
    connection.stream.consume(head_bytes);
    connection.stream.no_limit();
    Counters::add(loop.counters.proxied);
    // A kept connection may end just as it is used: only what may be asked twice goes there.
    for (int attempt = passing.repeatable ? 0 : 1; attempt < 2; ++attempt) {
        UpstreamPool::Lent lent = attempt == 0 ? loop.upstreams.take() : loop.upstreams.connect();
        if (!lent.stream) break;
        const std::optional<After> after =
            co_await exchange(connection, passing, body, std::move(lent));
        if (after) co_return *after;
    }
    const After after = co_await say(connection, passing, 503, "api_unavailable",
                                     "Berth is restarting. Sites are not affected.");
    co_return after;
}

}  // namespace berth::edge

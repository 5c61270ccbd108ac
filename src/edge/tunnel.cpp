#include "edge/tunnel.hpp"

#include <array>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

#include "http/websocket.hpp"

namespace berth::edge {

namespace {

/// A close frame of a server, unmasked, with nothing but the code.
constexpr std::array<char, 4> restart_frame{'\x88', '\x02',
                                            static_cast<char>(http::websocket_restart >> 8),
                                            static_cast<char>(http::websocket_restart & 0xff)};

}  // namespace

Tunnel::Tunnel(Connection& connection, http::Stream& upstream)
    : connection_(connection), upstream_(upstream) {}

bool Tunnel::is_to_end() const {
    return connection_.loop.ending && !to_visitor_.is_closed();
}

/// The first `bytes` of what `from` has buffered. False: `to` took nothing for too long, or broke.
Task<bool> Tunnel::send(http::Stream& from, http::Stream& to, std::size_t bytes) {
    to.limit(connection_.loop.outside.limits.write_limit);
    const std::string_view piece = from.buffered().substr(0, bytes);
    const bool sent = co_await to.write(piece);
    to.no_limit();
    if (sent) {
        from.consume(bytes);
    } else {
        from.close();
    }
    co_return sent;
}

/// Waits for more, or for the end of this edge, which is not an end of the other side.
Task<bool> Tunnel::fill_from_upstream() {
    const auto here = co_await asio::this_coro::executor;
    while (!connection_.loop.ending) {  // ends with more, with the other side, or with the edge
        const int got = upstream_.try_fill();
        if (got != 0) co_return got > 0;
        auto either = asio::experimental::make_parallel_group(
            asio::co_spawn(here, upstream_.wait_readable(), asio::deferred),
            connection_.loop.end_begun.async_wait(asio::deferred));
        const auto first = asio::experimental::wait_for_one();
        const auto woken = co_await either.async_wait(first, asio::use_awaitable);
        const bool by_upstream = std::get<0>(woken)[0] == 0;
        const bool readable = std::get<2>(woken);
        if (by_upstream && !readable) co_return false;
        if (!by_upstream) co_return true;
    }
    const bool more = co_await upstream_.fill();
    co_return more;
}

/// What the other side still says is not for this visitor.
Task<> Tunnel::say_restart() {
    told_ = true;
    http::Stream& visitor = connection_.stream;
    const std::string_view frame(restart_frame.data(), restart_frame.size());
    visitor.limit(connection_.loop.outside.limits.close_limit);
    const bool sent = co_await visitor.write(frame);
    if (!sent) visitor.close();
}

Task<> Tunnel::pump_to_visitor() {
    bool open = true;
    while (open) {
        const std::string_view waiting = upstream_.buffered();
        std::size_t bytes = waiting.size();
        if (!is_to_end()) {
            to_visitor_.take(waiting);
        } else if (to_visitor_.is_at_boundary()) {
            co_await say_restart();
            co_return;
        } else {
            bytes = to_visitor_.take_frame(waiting);
        }
        open = co_await send(upstream_, connection_.stream, bytes);
        if (!open) break;
        if (!upstream_.buffered().empty() || (is_to_end() && to_visitor_.is_at_boundary()))
            continue;
        open = co_await fill_from_upstream();
    }
    connection_.stream.end_sending();
    connection_.stream.limit(connection_.loop.outside.limits.write_limit);
}

Task<> Tunnel::pump_to_upstream() {
    http::Stream& visitor = connection_.stream;
    const EdgeLimits& limits = connection_.loop.outside.limits;
    bool open = true;
    while (open && !(told_ && to_upstream_.is_closed())) {
        const std::string_view waiting = visitor.buffered();
        to_upstream_.take(waiting);
        open = co_await send(visitor, upstream_, waiting.size());
        if (open && !(told_ && to_upstream_.is_closed())) open = co_await visitor.fill();
    }
    upstream_.end_sending();
    upstream_.limit(limits.write_limit);
}

Task<After> Tunnel::run() {
    const auto here = co_await asio::this_coro::executor;
    connection_.stream.no_limit();
    upstream_.no_limit();
    auto both = asio::experimental::make_parallel_group(
        asio::co_spawn(here, pump_to_upstream(), asio::deferred),
        asio::co_spawn(here, pump_to_visitor(), asio::deferred));
    const auto all = asio::experimental::wait_for_all();
    co_await both.async_wait(all, asio::use_awaitable);
    co_return told_ ? After::linger : After::close;
}

}  // namespace berth::edge

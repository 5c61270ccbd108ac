#include "edge/loop.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "base/clock.hpp"
#include "edge/elsewhere.hpp"
#include "edge/h2_connection.hpp"
#include "edge/loading.hpp"
#include "edge/opening.hpp"
#include "edge/proxy.hpp"
#include "edge/request_path.hpp"
#include "edge/send.hpp"
#include "edge/visit.hpp"

namespace berth::edge {

namespace {

/// How many pipelined requests are answered before the other connections get their turn.
constexpr int turns_max = 32;

}  // namespace

Loop::Loop(Outside& surroundings)
    : outside(surroundings),
      blobs(surroundings.public_directory,
            surroundings.limits.body_memory_bytes / surroundings.loops),
      routes(surroundings.limits.route_memory_bytes),
      sites(surroundings.limits.site_memory_bytes),
      upstreams(io.get_executor(), deadlines, surroundings.api_socket) {
    end_begun.expires_at(asio::steady_timer::time_point::max());
}

Loop::~Loop() = default;

void Loop::end(std::chrono::milliseconds limit) {
    const std::int64_t idle_end = steady_now_ms() + limit.count();
    idle_end_ms = ending ? std::min(idle_end_ms, idle_end) : idle_end;
    ending = true;
    // Only our own descriptor: the sockets may be another edge's too.
    for (const Door& door : doors)
        door.acceptor->close();
    end_begun.cancel();
    for (Connection* connection : connections) {
        if (connection->idle) connection->stream.limit(idle_limit());
        if (connection->h2 != nullptr) connection->h2->announce_end();
    }
    if (connections.empty()) io.stop();
}

std::chrono::milliseconds Loop::idle_limit() const {
    if (!ending) return outside.limits.idle_limit;
    const std::chrono::milliseconds left(std::max<std::int64_t>(0, idle_end_ms - steady_now_ms()));
    return std::min(outside.limits.idle_limit, left);
}

namespace {

/// Proxies bring many visitors, and this machine's own programs are their operator's affair.
bool is_limited(const Outside& outside, const std::string& peer) {
    if (peer.empty() || outside.proxies.contains(peer)) return false;
    boost::system::error_code malformed;
    const auto address = asio::ip::make_address(peer, malformed);
    return !malformed && !address.is_loopback();
}

}  // namespace

bool Loop::is_crowded(const std::string& address) const {
    const auto found = connections_of.find(address);
    return found != connections_of.end() &&
           found->second >= outside.limits.connections_per_address_max;
}

Connection::Connection(Loop& owner, http::Accepted accepted, bool over_tls, bool inner)
    : loop(owner),
      stream(owner.io.get_executor(), owner.deadlines, std::move(accepted.socket)),
      peer(std::move(accepted.peer)),
      secure(over_tls),
      inner_(inner) {
    loop.connections.insert(this);
    if (inner_) return;
    count(true);
    Counters::add(loop.counters.connections);
    Counters::add(loop.counters.connections_open);
}

Connection::~Connection() {
    loop.connections.erase(this);
    if (!inner_) {
        count_sent();
        Counters::subtract(loop.counters.connections_open);
        count(false);
    }
    if (loop.ending && loop.connections.empty()) loop.io.stop();
}

void Connection::count_sent() {
    if (inner_) return;
    Counters::add(loop.counters.bytes_sent, stream.sent_bytes() - counted_bytes_);
    counted_bytes_ = stream.sent_bytes();
}

bool Connection::may_go_on() {
    return !loop.ending || !stream.buffered().empty() || stream.try_fill() > 0;
}

void Connection::set_peer(std::string address) {
    count(false);
    peer = std::move(address);
    count(true);
}

void Connection::count(bool more) {
    if (!is_limited(loop.outside, peer)) return;
    if (more) {
        ++loop.connections_of[peer];
        return;
    }
    const auto found = loop.connections_of.find(peer);
    if (--found->second == 0) loop.connections_of.erase(found);
}

namespace {

struct HeadArrived {
    std::size_t bytes = 0;  // 0: none; then either refused or gone
    http::Refusal refusal{};
};

/// Waits for a whole head: the first byte within the idle limit, the rest within the head limit.
/// A connection that waits with nothing received holds no buffer.
Task<HeadArrived> wait_for_head(Connection& connection) {
    http::Stream& stream = connection.stream;
    const Loop& loop = connection.loop;
    const EdgeLimits& limits = loop.outside.limits;
    std::size_t scanned = 0;
    bool head_begun = false;
    while (true) {  // ends with a head, a refusal, the limit, or a closed connection
        if (!stream.buffered().empty()) {
            const http::HeadEnd end = http::find_head_end(stream.buffered(), scanned);
            if (end.bytes > 0 || end.refusal) co_return HeadArrived{end.bytes, end.refusal};
        }
        const int got = stream.may_fill() ? stream.try_fill() : 0;
        if (got > 0) continue;
        if (got < 0) co_return HeadArrived{};
        connection.idle = stream.buffered().empty();
        if (connection.idle) {
            stream.limit(loop.idle_limit());
        } else if (!head_begun) {
            head_begun = true;
            stream.limit(limits.head_limit);
        }
        const bool ready = co_await stream.wait_readable();
        const bool was_idle = std::exchange(connection.idle, false);
        if (ready) continue;
        if (was_idle && stream.expired() && stream.try_fill() > 0) {  // in the last moment
            head_begun = true;
            stream.limit(limits.head_limit);
            continue;
        }
        HeadArrived none;
        if (stream.expired() && !was_idle)
            none.refusal = {408, "head_too_slow", "the head did not come in time"};
        co_return none;
    }
}

/// Sends what was decided. The head is consumed by then.
Task<After> carry_out(Connection& connection, Step& step) {
    Counters& counters = connection.loop.counters;
    if (step.answer.status == 304) Counters::add(counters.not_modified);
    if (step.answer.status == 404) Counters::add(counters.not_found);
    const Sending sending{step.head_only, step.keep_alive && connection.may_go_on(),
                          !connection.server_name.empty()};
    std::ptrdiff_t sent = 0;
    if (!send_at_once(connection, step.answer, sending, sent)) {
        const bool whole = co_await send_rest(connection, step.answer, sending, sent);
        if (!whole) co_return After::close;
    }
    co_return sending.keep_alive ? After::request : After::linger;
}

/// A stream of HTTP/2 that is passed on comes here as HTTP/1.1.
std::string_view protocol_of(const Connection& connection, const http::HeadView& head) {
    if (connection.is_inner()) return "HTTP/2";
    return head.http_1_1 ? "HTTP/1.1" : "HTTP/1.0";
}

Task<After> serve_head(Connection& connection, std::size_t bytes) {
    Loop& loop = connection.loop;
    if (!connection.is_inner()) Counters::add(loop.counters.requests);
    Loaded loaded;
    // Each round but the last loads the route, one of the few sites it names, or a form of a file.
    while (true) {
        loop.peer = connection.peer;
        loop.asking = &connection;
        Step step = take_request(loop, connection.stream.buffered_in_place().first(bytes), loaded);
        if (!loads(step))
            note_visit(loop, connection.visit, step, protocol_of(connection, loop.head));
        if (step.kind == Step::Kind::pass_on) {
            const After after = co_await pass_on(connection, bytes);
            co_return after;
        }
        if (step.kind == Step::Kind::elsewhere) {
            const After after = co_await pass_elsewhere(connection, bytes, std::move(step));
            co_return after;
        }
        if (step.kind == Step::Kind::answer) {
            connection.stream.consume(bytes);
            const After after = co_await carry_out(connection, step);
            co_return after;
        }
        connection.stream.no_limit();
        co_await load_for(loop, std::move(step), loaded);
    }
}

Task<After> serve_one(Connection& connection) {
    const HeadArrived arrived = co_await wait_for_head(connection);
    if (arrived.bytes == 0 && !arrived.refusal) co_return After::close;
    Loop& loop = connection.loop;
    begin_visit(loop, connection.visit, connection.stream.sent_bytes());
    After after = After::close;
    if (arrived.refusal) {
        loop.peer = connection.peer;
        Step step = refuse(loop, arrived.refusal);
        note_visit(loop, connection.visit, step, "");
        after = co_await carry_out(connection, step);
    } else {
        after = co_await serve_head(connection, arrived.bytes);
    }
    finish_visit(loop, connection.visit, connection.stream.sent_bytes());
    connection.count_sent();
    co_return after;
}

}  // namespace

Task<> serve_connection(std::shared_ptr<Connection> connection) {
    const bool open = co_await open_connection(*connection);
    if (!open) {
        connection->stream.close();
        co_return;
    }
    const bool h2 = co_await speaks_h2(*connection);
    if (h2) {
        co_await serve_h2(connection);
    } else {
        co_await serve_requests(connection);
    }
}

Task<> serve_requests(std::shared_ptr<Connection> connection) {
    After after = After::request;
    int turns = 0;
    while (after == After::request) {
        after = co_await serve_one(*connection);
        if (after == After::request && ++turns % turns_max == 0 &&
            !connection->stream.buffered().empty()) {
            co_await asio::post(connection->loop.io, asio::use_awaitable);
        }
    }
    if (after == After::linger) co_await connection->stream.linger();
    connection->stream.close();
}

}  // namespace berth::edge

#include "http/server.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <set>

#include "base/log.hpp"
#include "http/acceptor.hpp"
#include "http/body_reader.hpp"
#include "http/normalise.hpp"
#include "http/response_writer.hpp"
#include "http/websocket.hpp"

namespace berth::http {

namespace {

constexpr std::chrono::milliseconds end_limit{5'000};
constexpr std::chrono::milliseconds write_limit{60'000};
// When the server ends: for the first request of a connection that was made just now, and for the
// next one of a connection that waits. Who reuses one has to expect its end.
constexpr std::chrono::milliseconds first_grace{1'000};
constexpr std::chrono::milliseconds idle_grace{50};

struct Connection;

/// Shared by the connections, which may outlive serve() by a moment.
struct Server {
    Server(asio::any_io_executor executor, Answer answerer, PlanBody planner, ServerLimits limit)
        : loop(executor),
          answer(std::move(answerer)),
          plan(std::move(planner)),
          limits(limit),
          deadlines(executor),
          all_ended(executor) {}

    asio::any_io_executor loop;
    Answer answer;
    PlanBody plan;
    ServerLimits limits;
    Deadlines deadlines;
    asio::steady_timer all_ended;
    std::set<Connection*> connections{};
    bool peers_are_trusted = false;
    bool ending = false;
};

struct Connection {
    Connection(std::shared_ptr<Server> owner, Accepted accepted)
        : server(std::move(owner)),
          stream(server->loop, server->deadlines, std::move(accepted.socket)),
          peer(std::move(accepted.peer)) {
        server->connections.insert(this);
    }
    Connection(const Connection&) = delete;
    ~Connection() {
        server->connections.erase(this);
        if (server->connections.empty()) server->all_ended.cancel();
    }

    std::shared_ptr<Server> server;
    Stream stream;
    std::string peer;
    asio::cancellation_signal stop{};
    asio::cancellation_signal end_following{};
    bool idle = true;                   // between two requests
    bool fresh = true;                  // no request has come so far
    FramedWebSocket* socket = nullptr;  // while a conversation goes on
};

/// One request and what its head says about the connection.
struct Incoming {
    Request request{};
    Terms terms{};
    bool wants_websocket = false;
    std::string websocket_accept{};
    std::optional<BodyReader> body{};
    BodyPlan plan{};
};

/// How a request ended: what to do with the connection.
enum class Next { request, linger, close };

std::string_view code_of(const Error& error) {
    return error.code.empty() ? std::string_view("invalid") : std::string_view(error.code);
}

unsigned status_of(const Error& error) {
    switch (error.failure) {
        case Failure::too_large:
            return 413;
        case Failure::timed_out:
            return 408;
        default:
            return 400;
    }
}

/// The X-Berth fields of a unix peer; from others they are dropped unread.
void take_peer(Request& request, const Connection& connection) {
    request.peer = connection.peer;
    if (connection.server->peers_are_trusted) {
        request.peer = std::string(request.headers.get("x-berth-peer"));
        request.secure = request.headers.get("x-berth-secure") == "1";
    }
    request.headers.remove("x-berth-peer");
    request.headers.remove("x-berth-secure");
}

/// Copies what the views say into a request of its own.
Refusal make_request(const HeadView& head, Connection& connection, Incoming& incoming) {
    const auto verb = verb_of(head.verb);
    if (!verb) return {501, "unknown_verb", "the verb is not known"};
    Request& request = incoming.request;
    request.verb = *verb;
    request.target = head.target;
    request.query = head.query;
    incoming.terms = {head.http_1_1, *verb == Verb::head, head.keep_alive};
    if (head.path == "*") {
        request.path = "*";
    } else if (!normalise_path(head.path, request.path)) {
        return {400, "malformed_path", "the path has malformed or forbidden escapes"};
    }
    if (!normalise_host(head.authority, request.host)) return {400, "host", "Host is malformed"};
    for (const FieldView& field : head.all()) {
        request.headers.add(std::string(field.name), std::string(field.value));
    }
    take_peer(request, connection);
    request.gone = [&connection] {
        return connection.server->ending || connection.stream.peer_gone();
    };
    if (lists_word(head.upgrade, "websocket") && *verb == Verb::get) {
        incoming.wants_websocket = true;
        if (head.get("sec-websocket-version") == "13") {
            incoming.websocket_accept = websocket_accept(head.get("sec-websocket-key"));
        }
    }
    return {};
}

/// Parses what find_head_end found, with a scratch of its loop: no view outlives this call.
Refusal take_head(Connection& connection, std::size_t bytes, Incoming& incoming) {
    thread_local HeadView head;
    const std::span<char> text = connection.stream.buffered_in_place().first(bytes);
    if (const Refusal no = parse_head(text, head)) return no;
    if (const Refusal no = make_request(head, connection, incoming)) return no;
    const ServerLimits& limits = connection.server->limits;
    incoming.plan = {false, limits.body_bytes_max};
    if (connection.server->plan) incoming.plan = connection.server->plan(incoming.request);
    incoming.body.emplace(connection.stream, head, incoming.plan.bytes_max, limits.idle_limit);
    connection.stream.consume(bytes);
    return {};
}

Task<> refuse(Connection& connection, unsigned status, std::string_view code,
              std::string_view why) {
    Response response = problem_response(status, code, why);
    Terms terms;
    terms.keep_alive = false;
    co_await write_response(connection.stream, response, terms, write_limit);
    co_await connection.stream.linger();
}

struct HeadArrived {
    std::size_t bytes = 0;  // 0: none; then either refused or gone
    Refusal refusal{};
};

std::chrono::milliseconds idle_limit_of(const Connection& connection) {
    if (!connection.server->ending) return connection.server->limits.idle_limit;
    return connection.fresh ? first_grace : idle_grace;
}

/// Waits for a whole head: the first byte within the idle limit, the rest within the head limit.
Task<HeadArrived> wait_for_head(Connection& connection) {
    Stream& stream = connection.stream;
    const ServerLimits& limits = connection.server->limits;
    std::size_t scanned = 0;
    connection.idle = stream.buffered().empty();
    stream.limit(connection.idle ? idle_limit_of(connection) : limits.head_limit);
    HeadArrived arrived;
    while (true) {  // ends with a head, a refusal, the limit, or a closed connection
        if (!stream.buffered().empty()) {
            const HeadEnd end = find_head_end(stream.buffered(), scanned);
            arrived.bytes = end.bytes;
            arrived.refusal = end.refusal;
            if (end.bytes > 0 || end.refusal) break;
        }
        const bool more = co_await stream.fill();
        // What came in the last moment is a request like any other.
        if (!more && !(connection.idle && stream.expired() && stream.try_fill() > 0)) {
            if (stream.expired() && !stream.buffered().empty()) {
                arrived.refusal = {408, "head_too_slow", "the head did not come in time"};
            }
            break;
        }
        if (connection.idle) stream.limit(limits.head_limit);
        connection.idle = false;
    }
    connection.idle = false;
    connection.fresh = false;
    stream.no_limit();
    co_return arrived;
}

Task<Next> converse(Connection& connection, Incoming& incoming, Response& response) {
    Stream& stream = connection.stream;
    if (incoming.websocket_accept.empty()) {
        Response no = problem_response(426, "websocket_needed", "this is a WebSocket (RFC 6455)");
        no.headers.add("upgrade", "websocket");
        no.headers.add("sec-websocket-version", "13");
        incoming.terms.keep_alive = false;
        co_await write_response(stream, no, incoming.terms, write_limit);
        co_return Next::linger;
    }
    std::string head = head_text(101, response.headers);
    head += "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ";
    head += incoming.websocket_accept + "\r\n\r\n";
    stream.limit(write_limit);
    const bool sent = co_await stream.write(head);
    if (!sent) co_return Next::close;
    const WebSocketLimits limits;
    FramedWebSocket socket(stream, connection.server->deadlines, limits);
    connection.socket = &socket;
    const std::shared_ptr<void> forget(
        &connection, [](void* owner) { static_cast<Connection*>(owner)->socket = nullptr; });
    co_await std::get<SocketBody>(response.body)(socket);
    constexpr std::uint16_t normal = 1000;
    co_await socket.close(connection.server->ending ? websocket_restart : normal, {});
    co_return Next::linger;
}

/// The boundary: what a handler throws becomes a 500 and the server lives on.
Task<Response> answer_or_say_why(Connection& connection, Request& request) {
    std::string why;
    try {
        co_return co_await connection.server->answer(request);
    } catch (const std::exception& error) {
        why = error.what();
    }
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
    log::error("request broke", {{"path", request.path}, {"why", why}});
    co_return problem_response(500, "internal", "the operator has the details");
}

/// Writes each piece whole, whatever is canceled meanwhile: half of one would not be understood.
class WholePieces final : public BodySink {
public:
    WholePieces(asio::any_io_executor loop, BodySink& to) : loop_(std::move(loop)), to_(to) {}

    Task<bool> write(std::string_view bytes) override {
        const asio::cancellation_slot nobodys;
        const bool written = co_await asio::co_spawn(
            loop_, to_.write(bytes), asio::bind_cancellation_slot(nobodys, asio::use_awaitable));
        co_return written;
    }

private:
    asio::any_io_executor loop_;
    BodySink& to_;
};

/// The body of a stream that only follows. It is canceled when the server ends, and what it wrote
/// so far is then a whole answer: nothing is lost by its end.
Task<> follow(Connection& connection, StreamBody body, BodySink& sink) {
    if (connection.server->ending) co_return;
    WholePieces pieces(connection.server->loop, sink);
    try {
        co_await asio::co_spawn(
            connection.server->loop, body(pieces),
            asio::bind_cancellation_slot(connection.end_following.slot(), asio::use_awaitable));
    } catch (const boost::system::system_error& broken) {
        if (broken.code() != asio::error::operation_aborted) throw;
    }
}

void end_with_server(Connection& connection, Response& response) {
    auto* body = std::get_if<StreamBody>(&response.body);
    const std::string_view type = response.headers.get("content-type");
    const bool follows =
        type.starts_with("text/event-stream") || type.starts_with("application/x-ndjson");
    if (body == nullptr || !follows) return;
    response.body = StreamBody([&connection, body = std::move(*body)](BodySink& sink) {
        return follow(connection, body, sink);
    });
}

Task<Next> answer_request(Connection& connection, Incoming& incoming) {
    Request& request = incoming.request;
    if (incoming.body->is_too_large_by_head()) {
        const std::string why = fmt::format("the body is over {} bytes", incoming.plan.bytes_max);
        co_await refuse(connection, 413, "too_large", why);
        co_return Next::close;
    }
    if (incoming.plan.stream) {
        request.source = &*incoming.body;
    } else if (!incoming.body->is_whole()) {
        Result<std::string> body =
            co_await incoming.body->read_all(connection.server->limits.body_limit);
        if (!body) {
            if (body.error().failure != Failure::unavailable) {
                co_await refuse(connection, status_of(body.error()), code_of(body.error()),
                                body.error().message);
            }
            co_return Next::close;
        }
        request.body = std::move(*body);
    }

    Response response = co_await answer_or_say_why(connection, request);
    if (std::holds_alternative<SocketBody>(response.body)) {
        const Next next = co_await converse(connection, incoming, response);
        co_return next;
    }
    end_with_server(connection, response);
    // A body that nobody read to its end would be taken for the next request.
    const bool drained = co_await incoming.body->drain();
    incoming.terms.keep_alive = incoming.terms.keep_alive && drained && !connection.server->ending;
    const Sent sent =
        co_await write_response(connection.stream, response, incoming.terms, write_limit);
    if (!sent.whole) co_return Next::close;
    co_return sent.keep_alive ? Next::request : Next::linger;
}

Task<Next> serve_one(Connection& connection) {
    const HeadArrived arrived = co_await wait_for_head(connection);
    Refusal no = arrived.refusal;
    if (!no && arrived.bytes == 0) co_return Next::close;
    Incoming incoming;
    if (!no) no = take_head(connection, arrived.bytes, incoming);
    if (no) {
        co_await refuse(connection, no.status, no.code, no.why);
        co_return Next::close;
    }
    const Next next = co_await answer_request(connection, incoming);
    co_return next;
}

Task<> serve_connection(std::shared_ptr<Connection> connection) {
    Next next = Next::request;
    while (next == Next::request) {
        next = co_await serve_one(*connection);
        if (next == Next::request && connection->server->ending) next = Next::close;
    }
    if (next == Next::linger) co_await connection->stream.linger();
    connection->stream.close();
}

void start(const std::shared_ptr<Server>& server, Accepted accepted) {
    if (server->connections.size() >= server->limits.connections_max) {
        // Not awaited: an answer of this size fits any fresh socket.
        constexpr std::string_view full =
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n"
            "connection: close\r\n\r\n";
        ::send(accepted.socket.get(), full.data(), full.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return;
    }
    const auto connection = std::make_shared<Connection>(server, std::move(accepted));
    asio::co_spawn(server->loop, serve_connection(connection),
                   asio::bind_cancellation_slot(connection->stop.slot(),
                                                [connection](std::exception_ptr escaped) {
                                                    if (escaped)
                                                        report_escaped("http connection", escaped);
                                                }));
}

/// The door stays open: what the kernel refuses one connection must not end all.
void start_or_drop(const std::shared_ptr<Server>& server, Accepted accepted) {
    try {
        start(server, std::move(accepted));
    } catch (const std::exception& broken) {
        log::error("connection dropped", {{"why", broken.what()}});
    }
}

Task<> accept_all(Acceptor& acceptor, const std::shared_ptr<Server>& server) {
    while (true) {  // ends when canceled
        Accepted accepted = co_await acceptor.accept();
        start_or_drop(server, std::move(accepted));
    }
}

Task<> wait_for_all(Server& server, std::chrono::milliseconds limit) {
    server.all_ended.expires_after(limit);
    boost::system::error_code ended;
    if (!server.connections.empty()) {
        co_await server.all_ended.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    }
}

/// Lets open requests end, then stops what is left.
Task<> end(Server& server) {
    server.ending = true;
    std::vector<Connection*> followers(server.connections.begin(), server.connections.end());
    for (Connection* connection : server.connections) {
        if (connection->idle) connection->stream.limit(idle_limit_of(*connection));
        if (connection->socket != nullptr) connection->socket->say_restart();
    }
    for (Connection* connection : followers)
        connection->end_following.emit(asio::cancellation_type::all);
    co_await wait_for_all(server, end_limit);
    const std::vector<Connection*> left(server.connections.begin(), server.connections.end());
    for (Connection* connection : left) {
        connection->stream.close();
        connection->stop.emit(asio::cancellation_type::terminal);
    }
    co_await wait_for_all(server, end_limit);
}

}  // namespace

Task<> serve(Fd listening, Answer answer, PlanBody plan, ServerLimits limits) {
    // sendfile() knows no MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    const auto here = co_await asio::this_coro::executor;
    const auto server = std::make_shared<Server>(here, std::move(answer), std::move(plan), limits);
    std::exception_ptr broken;
    {
        Acceptor acceptor(here, std::move(listening));
        server->peers_are_trusted = acceptor.is_unix();
        try {
            co_await accept_all(acceptor, server);
        } catch (...) {
            broken = std::current_exception();
        }
    }
    const auto off = asio::disable_cancellation();
    co_await asio::this_coro::reset_cancellation_state(off);
    co_await end(*server);
    std::rethrow_exception(broken);
}

}  // namespace berth::http

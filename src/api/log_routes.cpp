/// GET /api/v1/deployments/{deployment}/log: one address, four forms, chosen by the request.

#include <boost/asio/steady_timer.hpp>

#include "api/body.hpp"
#include "api/log_frames.hpp"
#include "api/log_reader.hpp"
#include "api/routes.hpp"
#include "api/welcome.hpp"
#include "http/message.hpp"

namespace berth::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch_bytes = 64 << 10;
constexpr std::int64_t window_bytes = 1 << 20;  // unacknowledged at most
constexpr auto heartbeat = 15s;
constexpr std::size_t text_bytes_max = 256 << 20;

struct LogEnd {
    jobs::State state{};
    std::int64_t lines = 0;
    std::optional<int> exit_code{};
};
BOOST_DESCRIBE_STRUCT(LogEnd, (), (state, lines, exit_code))

struct LogState {
    jobs::State state{};
};
BOOST_DESCRIBE_STRUCT(LogState, (), (state))

struct PageEnd {
    bool end = false;
    std::int64_t next = 0;
    jobs::State state{};
};
BOOST_DESCRIBE_STRUCT(PageEnd, (), (end, next, state))

struct ClientFrame {
    std::string type{};
    std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(ClientFrame, (), (type, bytes))

/// A number of the query, from `least` on; what is over `most` is `most`.
Result<std::int64_t> number_of(const http::Request& request, std::string_view name,
                               std::int64_t missing, std::int64_t least, std::int64_t most) {
    const auto text = request.parameter(name);
    if (!text) return missing;
    const bool digits =
        !text->empty() && text->size() <= 15 && text->find_first_not_of("0123456789") == text->npos;
    if (!digits || std::stoll(*text) < least) {
        return fail_as(Failure::invalid, "bad_parameter", "", "{}: a whole number from {} on", name,
                       least);
    }
    return std::min<std::int64_t>(std::stoll(*text), most);
}

std::string end_json(const LogReader& reader) {
    const LogEnd end{reader.state(), reader.after(), reader.exit_code()};
    return json::text(end);
}

/// What the two tasks of one WebSocket share.
struct Flow {
    explicit Flow(const asio::any_io_executor& executor) : acknowledged(executor) {}
    std::int64_t unacknowledged = 0;
    bool closed = false;
    asio::steady_timer acknowledged;  // canceled whenever something changed
};

Task<> read_acknowledgements(http::WebSocket& socket, std::shared_ptr<Flow> flow) {
    while (true) {  // ends when the reader goes away
        const auto message = co_await socket.read();
        if (!message) break;
        const auto frame = json::parse_as<ClientFrame>(message->bytes);
        if (frame && frame->type == "ack") {
            flow->unacknowledged -= std::clamp<std::int64_t>(frame->bytes, 0, flow->unacknowledged);
        }
        flow->acknowledged.cancel();
    }
    flow->closed = true;
    flow->acknowledged.cancel();
}

Task<> wait_for_window(std::shared_ptr<Flow> flow) {
    while (!flow->closed && flow->unacknowledged > window_bytes) {
        flow->acknowledged.expires_after(60s);
        boost::system::error_code stopped;
        co_await flow->acknowledged.async_wait(asio::redirect_error(asio::use_awaitable, stopped));
        if (!stopped) flow->closed = true;  // silent for a minute with a full window: gone
    }
}

std::string frame_of(const LogReader::Piece& piece, const LogReader& reader) {
    if (!piece.lines.empty()) {
        return lines_frame(FrameType::lines, piece.lines, reader.begin_ms());
    }
    if (piece.open) return lines_frame(FrameType::replace, {*piece.open}, reader.begin_ms());
    if (piece.ended) return text_frame(FrameType::end, reader.after(), end_json(reader));
    const LogState state{reader.state()};
    return text_frame(FrameType::state, reader.after(), json::text(state));
}

Task<> send_frames(LogReader& reader, Welcome& welcome, http::WebSocket& socket,
                   std::shared_ptr<Flow> flow) {
    while (!flow->closed) {  // ends with the log, or when the reader goes away or may not read on
        co_await wait_for_window(flow);
        const LogReader::Piece piece = co_await reader.next(heartbeat, batch_bytes);
        const bool may_go_on = co_await welcome.holds();
        if (!may_go_on) co_return;
        if (piece.nothing()) continue;  // the socket's own pings keep it alive
        const std::string frame = frame_of(piece, reader);
        flow->unacknowledged += static_cast<std::int64_t>(frame.size());
        const bool sent = co_await socket.send_binary(frame);
        if (!sent) co_return;
        if (piece.ended) break;
    }
    const std::string_view reason = "end of the log";
    co_await socket.close(1000, reason);
}

Task<> converse(Services& services, std::string deployment, Welcome welcome, std::int64_t after,
                http::WebSocket& socket) {
    const auto here = co_await asio::this_coro::executor;
    LogReader reader(services, std::move(deployment), after);
    const auto flow = std::make_shared<Flow>(here);
    // Whichever ends first ends the other.
    auto race = asio::experimental::make_parallel_group(
        asio::co_spawn(here, read_acknowledgements(socket, flow), asio::deferred),
        asio::co_spawn(here, send_frames(reader, welcome, socket, flow), asio::deferred));
    const auto ended =
        co_await race.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (const std::exception_ptr broken = std::get<2>(ended)) report_escaped("log stream", broken);
}

std::string event(std::string_view name, std::int64_t id, const std::string& data) {
    return fmt::format("event: {}\nid: {}\ndata: {}\n\n", name, id, data);
}

Task<> write_events(Services& services, std::string deployment, Welcome welcome, std::int64_t after,
                    http::BodySink& sink) {
    LogReader reader(services, std::move(deployment), after);
    while (true) {  // ends with the log, or when the reader goes away or may not read on
        const LogReader::Piece piece = co_await reader.next(heartbeat, batch_bytes);
        const bool may_go_on = co_await welcome.holds();
        if (!may_go_on) co_return;
        std::string text = ": still here\n\n";
        if (!piece.lines.empty()) {
            text = event("lines", reader.after(), lines_json(piece.lines, reader.begin_ms()));
        } else if (piece.open) {
            const std::vector<logs::NumberedLine> open{*piece.open};
            text = event("replace", reader.after(), lines_json(open, reader.begin_ms()));
        } else if (piece.ended) {
            text = event("end", reader.after(), end_json(reader));
        } else if (piece.state) {
            const LogState state{*piece.state};
            text = event("state", reader.after(), json::text(state));
        }
        const bool written = co_await sink.write(text);
        if (!written || piece.ended) co_return;
    }
}

/// Streams lines as they come; ends with the log, after `limit` lines, when `wait_ms` passed
/// without a new line, or with the server: each time it says where to go on.
Task<> write_ndjson(Services& services, std::string deployment, std::int64_t after,
                    std::int64_t limit, std::int64_t wait_ms, http::BodySink& sink) {
    LogReader reader(services, std::move(deployment), after);
    const std::int64_t deadline = steady_now_ms() + wait_ms;
    PageEnd end{.next = after};
    std::int64_t count = 0;
    try {
        while (count < limit) {
            const std::chrono::milliseconds left(
                std::max<std::int64_t>(0, deadline - steady_now_ms()));
            const LogReader::Piece piece = co_await reader.next(left, batch_bytes);
            if (piece.nothing() || piece.ended) {
                end.end = piece.ended;
                break;
            }
            std::string text;
            std::int64_t next = end.next;
            for (const logs::NumberedLine& line : piece.lines) {
                if (count == limit) break;
                text += line_ndjson(line);
                next = line.number + 1;
                ++count;
            }
            if (!text.empty() && !co_await sink.write(text)) co_return;
            end.next = next;
        }
    } catch (const boost::system::system_error& broken) {
        if (broken.code() != asio::error::operation_aborted) throw;
    }
    // The last words are said also when the server is to end.
    const auto off = asio::disable_cancellation();
    co_await asio::this_coro::reset_cancellation_state(off);
    end.state = reader.state();
    const std::string last = json::text(end) + "\n";
    co_await sink.write(last);
}

Task<> write_text(Services& services, std::string deployment, http::BodySink& sink) {
    std::int64_t after = 0;
    while (true) {  // ends at the end of what is stored now
        const logs::Page page = co_await services.logs->read(deployment, after, batch_bytes);
        if (page.lines.empty()) co_return;
        after = page.next;
        std::string text;
        for (const logs::NumberedLine& line : page.lines)
            text += line.line.text + "\n";
        const bool written = co_await sink.write(text);
        if (!written) co_return;
    }
}

/// "bytes=A-B" of `size` → {A, B + 1}; nothing when it is not one satisfiable range.
std::optional<std::pair<std::size_t, std::size_t>> range_of(std::string_view text,
                                                            std::size_t size) {
    if (!text.starts_with("bytes=")) return std::nullopt;
    text.remove_prefix(6);
    const std::size_t dash = text.find('-');
    const auto digits = [](std::string_view part) {
        return part.size() < 16 && part.find_first_not_of("0123456789") == part.npos;
    };
    if (dash == text.npos || !digits(text.substr(0, dash)) || !digits(text.substr(dash + 1))) {
        return std::nullopt;
    }
    const std::string from(text.substr(0, dash));
    const std::string to(text.substr(dash + 1));
    if (from.empty() && to.empty()) return std::nullopt;
    const bool suffix = from.empty();
    const std::size_t begin =
        suffix ? size - std::min<std::size_t>(size, std::stoull(to)) : std::stoull(from);
    const std::size_t end =
        suffix || to.empty() ? size : std::min<std::size_t>(size, std::stoull(to) + 1);
    if (begin >= end) return std::nullopt;
    return std::pair(begin, end);
}

Task<Result<http::Response>> text_range(Services& services, std::string deployment,
                                        std::string range) {
    std::string all;
    std::int64_t after = 0;
    while (all.size() < text_bytes_max) {
        const logs::Page page = co_await services.logs->read(deployment, after, 1 << 20);
        if (page.lines.empty()) break;
        after = page.next;
        for (const logs::NumberedLine& line : page.lines)
            all += line.line.text + "\n";
    }
    http::Response response = http::text_response(206, "text/plain; charset=utf-8", "");
    response.headers.set("accept-ranges", "bytes");
    const auto wanted = range_of(range, all.size());
    if (!wanted) {
        response.status = 416;
        response.headers.set("content-range", fmt::format("bytes */{}", all.size()));
        co_return response;
    }
    response.headers.set("content-range", fmt::format("bytes {}-{}/{}", wanted->first,
                                                      wanted->second - 1, all.size()));
    response.body = all.substr(wanted->first, wanted->second - wanted->first);
    co_return response;
}

http::Response streamed(std::string type, http::StreamBody body) {
    http::Response response;
    response.headers.set("content-type", std::move(type));
    response.headers.set("x-accel-buffering", "no");
    response.body = std::move(body);
    return response;
}

/// Line by number: `?after=N` (or Last-Event-ID) gives lines from number N on.
Task<Result<http::Response>> read_log(Services& services, Context& context) {
    const http::Request& request = context.request;
    const std::string_view accept = request.headers.get("accept");
    const auto wants = [&](std::string_view type) { return accept.find(type) != accept.npos; };
    Result<std::int64_t> after = number_of(request, "after", 0, 0, INT64_MAX);
    if (!after) co_return after.error();
    Services* const all = &services;
    const std::string id = context.deployment;
    const Welcome welcome(services, context.caller, context.project.id);

    if (!request.headers.get("upgrade").empty()) {
        http::Response response;
        response.status = 101;
        response.headers.set("sec-websocket-protocol", "berth.log.v1");
        response.body =
            http::SocketBody([all, id, welcome, from = *after](http::WebSocket& socket) {
                return converse(*all, id, welcome, from, socket);
            });
        co_return response;
    }
    if (wants("text/event-stream")) {
        const std::string last(request.headers.get("last-event-id"));
        const bool resumes =
            !last.empty() && last.size() < 16 && last.find_first_not_of("0123456789") == last.npos;
        const std::int64_t from = resumes ? std::stoll(last) : *after;
        co_return streamed("text/event-stream", [all, id, welcome, from](http::BodySink& sink) {
            return write_events(*all, id, welcome, from, sink);
        });
    }
    if (wants("application/x-ndjson")) {
        const Result<std::int64_t> limit = number_of(request, "limit", INT64_MAX, 1, INT64_MAX);
        const Result<std::int64_t> seconds = number_of(request, "wait", 0, 0, 60);
        if (!limit) co_return limit.error();
        if (!seconds) co_return seconds.error();
        co_return streamed("application/x-ndjson", [all, id, from = *after, most = *limit,
                                                    ms = *seconds * 1000](http::BodySink& sink) {
            return write_ndjson(*all, id, from, most, ms, sink);
        });
    }
    const std::string range(request.headers.get("range"));
    if (!range.empty()) co_return co_await text_range(services, id, range);
    http::Response response =
        streamed("text/plain; charset=utf-8",
                 [all, id](http::BodySink& sink) { return write_text(*all, id, sink); });
    response.headers.set("accept-ranges", "bytes");
    co_return response;
}

constexpr Route table[] = {
    {http::Verb::get, "/api/v1/deployments/{deployment}/log", Policy::project_read, read_log,
     "after limit wait"},
};

}  // namespace

std::span<const Route> log_routes() {
    return table;
}

}  // namespace berth::api

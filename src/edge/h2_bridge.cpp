#include "edge/h2_bridge.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

#include "http/chunked.hpp"

namespace berth::edge {

namespace {

using http::Framing;

constexpr std::size_t outbox_bytes_max = 64 << 10;

/// Until somebody cancels the timer.
Task<> wait_for(asio::steady_timer& signal) {
    signal.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code woken;
    co_await signal.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

struct Ends {
    Fd ours{};
    Fd theirs{};
};

Ends make_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        throw_errno("socketpair");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Starts the far end: a connection like the visitor's own.
Fd start_inner(const Connection& visitor) {
    Ends ends = make_pair();
    Loop& loop = visitor.loop;
    const auto inner = std::make_shared<Connection>(
        loop, http::Accepted{std::move(ends.theirs), visitor.peer}, visitor.secure, true);
    inner->server_name = visitor.server_name;
    spawn(loop.io.get_executor(), serve_requests(inner), "stream");
    return std::move(ends.ours);
}

}  // namespace

/// The reply's body on its way into the stream.
class H2Bridge::Body final : public http::H2Body {
public:
    explicit Body(std::shared_ptr<H2Bridge> bridge) : bridge_(std::move(bridge)) {}

    Piece read(std::span<char> into) override {
        std::string& outbox = bridge_->outbox_;
        const std::size_t count = std::min(into.size(), outbox.size());
        std::copy_n(outbox.data(), count, into.data());
        outbox.erase(0, count);
        bridge_->outbox_taken_.cancel();
        return {count, bridge_->reply_whole_ && outbox.empty(), bridge_->broken_ && outbox.empty()};
    }

private:
    std::shared_ptr<H2Bridge> bridge_;
};

H2Bridge::H2Bridge(const Connection& visitor, Owner owner)
    : loop_(visitor.loop),
      stream_(loop_.io.get_executor(), loop_.deadlines, start_inner(visitor)),
      owner_(std::move(owner)),
      request_more_(loop_.io),
      outbox_taken_(loop_.io) {}

void H2Bridge::start(std::string head, bool head_only, bool chunked, bool whole) {
    request_whole_ = whole;
    const auto self = shared_from_this();
    // Both hold the bridge: it may be closed and forgotten while they wait.
    asio::co_spawn(loop_.io, send_request(std::move(head), chunked),
                   [self](std::exception_ptr escaped) {
                       if (escaped) self->break_off();
                   });
    asio::co_spawn(loop_.io, receive_reply(head_only), [self](std::exception_ptr escaped) {
        if (escaped) self->break_off();
    });
}

void H2Bridge::take_body(std::string_view bytes) {
    inbox_.append(bytes);
    request_more_.cancel();
}

void H2Bridge::end_body() {
    request_whole_ = true;
    request_more_.cancel();
}

void H2Bridge::close() {
    closed_ = true;
    stream_.close();
    request_more_.cancel();
    outbox_taken_.cancel();
}

void H2Bridge::break_off() {
    if (closed_) return;
    broken_ = true;
    owner_.broken();
}

Task<> H2Bridge::send_request(std::string head, bool chunked) {
    bool taken = co_await stream_.write(head);
    while (!closed_) {  // ends when the request is whole
        if (inbox_.empty() && request_whole_) break;
        if (inbox_.empty()) {
            co_await wait_for(request_more_);
            continue;
        }
        const std::string piece = std::exchange(inbox_, {});
        if (taken && chunked) {
            const std::string size = fmt::format("{:x}\r\n", piece.size());
            taken = co_await stream_.write(size, piece, "\r\n");
        } else if (taken) {
            taken = co_await stream_.write(piece);
        }
        // What nobody takes any more is dropped: the answer is there already, and says why.
        if (!closed_) owner_.consumed(piece.size());
    }
    if (taken && chunked && !closed_) {
        constexpr std::string_view last = "0\r\n\r\n";
        co_await stream_.write(last);
    }
}

Task<> H2Bridge::receive_reply(bool head_only) {
    ReplyHead reply;
    std::size_t scanned = 0;
    std::size_t bytes = 0;
    while (true) {  // ends with a final head, or when none comes
        const http::HeadEnd end = http::find_head_end(stream_.buffered(), scanned);
        bool more = !end.refusal;
        if (end.bytes > 0) {
            const bool sense =
                parse_reply_head(stream_.buffered_in_place().first(end.bytes), reply);
            bytes = end.bytes;
            if (sense && reply.status >= 200) break;
            more = sense && reply.status != 101;
            stream_.consume(end.bytes);
            scanned = 0;
        } else if (more) {
            more = co_await stream_.fill();
        }
        if (!more || closed_) {
            break_off();
            co_return;
        }
    }
    std::vector<http::H2Session::Field> fields;
    for (const http::FieldView& field : reply.fields) {
        if (!is_hop_by_hop(field.name, reply.connection))
            fields.emplace_back(field.name, field.value);
    }
    const std::string length = std::to_string(reply.content_bytes);
    if (reply.framing == Framing::length && reply.status != 204)
        fields.emplace_back("content-length", length);
    const bool bodiless = head_only || reply.status == 204 || reply.status == 304;
    std::unique_ptr<http::H2Body> body;
    if (!bodiless) body = std::make_unique<Body>(shared_from_this());
    owner_.respond(reply.status, fields, std::move(body));
    stream_.consume(bytes);
    if (bodiless || closed_) co_return;
    const bool whole = co_await receive_body(reply);
    if (closed_) co_return;
    reply_whole_ = whole;
    broken_ = !whole;
    owner_.more();
}

Task<bool> H2Bridge::receive_body(const ReplyHead& reply) {
    const Framing framing = reply.framing;
    std::uint64_t left = reply.content_bytes;
    http::ChunkedDecoder chunks;
    while (!closed_) {  // ends with the body
        if (framing == Framing::length && left == 0) co_return true;
        const std::string_view buffered = stream_.buffered();
        http::ChunkedDecoder::Step piece;
        if (framing == Framing::chunked) {
            piece = chunks.step(buffered);
            if (chunks.broken()) co_return false;
        } else {
            const std::size_t size = framing == Framing::length
                                         ? std::min<std::uint64_t>(left, buffered.size())
                                         : buffered.size();
            piece = {size, buffered.substr(0, size)};
            left -= framing == Framing::length ? size : 0;
        }
        outbox_.append(piece.data);
        stream_.consume(piece.consumed);
        if (chunks.done()) co_return true;
        if (!piece.data.empty()) owner_.more();
        while (!closed_ && outbox_.size() >= outbox_bytes_max)
            co_await wait_for(outbox_taken_);
        if (piece.consumed > 0 || closed_) continue;
        const bool more = co_await stream_.fill();
        if (!more) co_return framing == Framing::none && !closed_;
    }
    co_return false;
}

}  // namespace berth::edge

#include "http/websocket.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "http/utf8.hpp"

namespace berth::http {

namespace {

enum Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    closing = 8,
    ping = 9,
    pong = 10
};

constexpr std::size_t control_bytes_max = 125;
constexpr std::size_t pending_bytes_max = 1 << 10;

std::string frame_head(std::uint8_t opcode, std::size_t bytes) {
    std::string head;
    head.push_back(static_cast<char>(0x80 | opcode));
    if (bytes < 126) {
        head.push_back(static_cast<char>(bytes));
        return head;
    }
    const int width = bytes < 65536 ? 2 : 8;
    head.push_back(static_cast<char>(width == 2 ? 126 : 127));
    for (int at = width - 1; at >= 0; --at)
        head.push_back(static_cast<char>(bytes >> (8 * at)));
    return head;
}

/// RFC 6455 §7.4: what may be in a close frame.
bool is_close_code(unsigned code) {
    if (code >= 3000 && code < 5000) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

}  // namespace

std::string websocket_accept(std::string_view key) {
    const bool shaped =
        key.size() == 24 && key.ends_with("==") &&
        std::ranges::all_of(key.substr(0, 22), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
        });
    if (!shaped) return {};
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

struct FramedWebSocket::Frame {
    bool final = false;
    std::uint8_t opcode = 0;
    std::span<char> payload{};
    std::size_t bytes = 0;  // with its head
};

struct FramedWebSocket::Writing {
    explicit Writing(FramedWebSocket& socket) : socket_(socket) { socket_.writing_ = true; }
    Writing(const Writing&) = delete;
    ~Writing() {
        socket_.writing_ = false;
        if (!whole) socket_.broken_ = true;
    }
    bool whole = false;

private:
    FramedWebSocket& socket_;
};

FramedWebSocket::FramedWebSocket(Stream& stream, Deadlines& deadlines, WebSocketLimits limits)
    : stream_(stream),
      deadlines_(deadlines),
      limits_(limits),
      heard_bytes_(stream.received_bytes()),
      heard_ms_(steady_now_ms()) {
    stream_.no_limit();
    deadlines_.set(*this, limits_.ping_every);
}

/// Every `ping_every`: a ping, unless the peer has been silent for too long.
void FramedWebSocket::expire() {
    const std::int64_t now = steady_now_ms();
    if (stream_.received_bytes() != heard_bytes_) {
        heard_bytes_ = stream_.received_bytes();
        heard_ms_ = now;
    }
    if (now - heard_ms_ >= limits_.silence_max.count()) {
        broken_ = true;
        stream_.close();
        return;
    }
    if (!is_closing()) send_control(ping, {});
    deadlines_.set(*this, limits_.ping_every);
}

Task<Result<WebSocket::Message>> FramedWebSocket::read() {
    reading_ = true;
    Message message;
    while (!close_seen_ && !broken_) {
        Frame frame;
        const Result<bool> whole = next_frame(frame);
        if (!whole) break;
        if (*whole) {
            const Taken taken = take(frame, message);
            stream_.consume(frame.bytes);
            if (taken == Taken::message) {
                reading_ = false;
                co_return message;
            }
            if (taken == Taken::closed) break;
            continue;
        }
        const bool more = co_await stream_.fill();
        if (!more) broken_ = true;
    }
    reading_ = false;
    if (too_large_) co_return fail(Failure::too_large, "the message is over 64 KiB");
    co_return fail(Failure::unavailable, "the WebSocket is closed");
}

/// True: `frame` is whole and unmasked, in the stream's buffer. Errors: invalid — give up.
Result<bool> FramedWebSocket::next_frame(Frame& frame) {
    const std::span<char> bytes = stream_.buffered_in_place();
    if (bytes.size() < 2) return false;
    const auto at = [&](std::size_t index) { return static_cast<std::uint8_t>(bytes[index]); };
    const bool masked = (at(1) & 0x80) != 0;
    frame.final = (at(0) & 0x80) != 0;
    frame.opcode = at(0) & 0x0f;
    std::uint64_t size = at(1) & 0x7f;
    const bool control = frame.opcode >= 8;
    const bool known = frame.opcode <= binary || (control && frame.opcode <= pong);
    if ((at(0) & 0x70) != 0 || !masked || !known || (control && (!frame.final || size > 125))) {
        give_up(1002, "malformed frame");
        return fail(Failure::invalid, "malformed frame");
    }
    std::size_t head = 2;
    if (size >= 126) {
        const std::size_t width = size == 126 ? 2 : 8;
        if (bytes.size() < head + width) return false;
        size = 0;
        for (std::size_t i = 0; i < width; ++i)
            size = size << 8 | at(head + i);
        head += width;
    }
    if (size > websocket_message_bytes_max ||
        partial_.size() + size > websocket_message_bytes_max) {
        too_large_ = true;
        give_up(1009, "over 64 KiB");
        return fail(Failure::too_large, "over 64 KiB");
    }
    if (bytes.size() < head + 4 + size) return false;
    const std::span<char> mask = bytes.subspan(head, 4);
    frame.payload = bytes.subspan(head + 4, static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < frame.payload.size(); ++i)
        frame.payload[i] ^= mask[i % 4];
    frame.bytes = head + 4 + static_cast<std::size_t>(size);
    return true;
}

FramedWebSocket::Taken FramedWebSocket::take(const Frame& frame, Message& message) {
    if (frame.opcode >= 8) return take_control(frame);
    const bool begins = frame.opcode != continuation;
    if (begins == in_message_) return give_up(1002, "fragments out of order");
    if (begins) partial_binary_ = frame.opcode == binary;
    in_message_ = !frame.final;
    partial_.append(frame.payload.data(), frame.payload.size());
    if (!frame.final) return Taken::nothing;
    if (!partial_binary_ && !is_utf8(partial_)) return give_up(1007, "text is not UTF-8");
    message.binary = partial_binary_;
    message.bytes = std::exchange(partial_, {});
    return Taken::message;
}

FramedWebSocket::Taken FramedWebSocket::take_control(const Frame& frame) {
    const std::string_view payload(frame.payload.data(), frame.payload.size());
    if (frame.opcode == ping) send_control(pong, payload);
    if (frame.opcode != closing) return Taken::nothing;
    close_seen_ = true;
    unsigned code = 1000;
    if (payload.size() == 1) return give_up(1002, "malformed close");
    if (payload.size() >= 2) {
        code = static_cast<unsigned>(static_cast<std::uint8_t>(payload[0])) << 8 |
               static_cast<std::uint8_t>(payload[1]);
        if (!is_close_code(code) || !is_utf8(payload.substr(2))) {
            return give_up(1002, "malformed close");
        }
    }
    return give_up(static_cast<std::uint16_t>(code), {});
}

FramedWebSocket::Taken FramedWebSocket::give_up(std::uint16_t code, std::string_view reason) {
    send_close(code, reason);
    close_seen_ = true;  // or will never be believed: RFC 6455 §7.1.7
    return Taken::closed;
}

void FramedWebSocket::send_close(std::uint16_t code, std::string_view reason) {
    if (is_closing()) return;
    std::string payload;
    payload.push_back(static_cast<char>(code >> 8));
    payload.push_back(static_cast<char>(code & 0xff));
    payload += reason.substr(0, control_bytes_max - 2);
    send_control(closing, payload);
    close_sent_ = true;
}

/// Never waits: what the kernel or the writer is not ready for is sent by the next writer. Over the
/// bound it is dropped: a peer that does not read needs no pong.
void FramedWebSocket::send_control(std::uint8_t opcode, std::string_view payload) {
    if (is_closing()) return;
    const std::string frame = frame_head(opcode, payload.size()) + std::string(payload);
    if (pending_.size() + frame.size() > pending_bytes_max) return;
    pending_ += frame;
    if (writing_) return;
    const std::ptrdiff_t sent = stream_.try_write(pending_);
    if (sent < 0) broken_ = true;
    if (sent > 0) pending_.erase(0, static_cast<std::size_t>(sent));
}

Task<bool> FramedWebSocket::send_text(std::string_view bytes) {
    const bool sent = co_await send(text, bytes);
    co_return sent;
}

Task<bool> FramedWebSocket::send_binary(std::string_view bytes) {
    const bool sent = co_await send(binary, bytes);
    co_return sent;
}

Task<bool> FramedWebSocket::send(std::uint8_t opcode, std::string_view payload) {
    if (is_closing() || writing_) co_return false;
    const std::string head = frame_head(opcode, payload.size());
    const bool sent = co_await write_all(head, payload);
    co_return sent;
}

/// What waited first, then the frame, then what came to wait meanwhile. A frame that was cut (a
/// canceled writer) leaves the connection broken.
Task<bool> FramedWebSocket::write_all(std::string_view head, std::string_view payload) {
    Writing writing(*this);
    std::string first = std::exchange(pending_, {});
    stream_.limit(limits_.write_limit);
    bool sent = co_await stream_.write(first, head, payload);
    while (sent && !pending_.empty()) {
        first = std::exchange(pending_, {});
        sent = co_await stream_.write(first);
    }
    stream_.no_limit();
    writing.whole = sent;
    co_return sent;
}

Task<> FramedWebSocket::close(std::uint16_t code, std::string_view reason) {
    send_close(code, reason);
    if (!pending_.empty() && !writing_ && !broken_) {
        const bool flushed = co_await write_all({}, {});
        if (!flushed) co_return;
    }
    if (reading_) co_return;  // who reads sees the peer's close
    stream_.limit(limits_.close_limit);
    while (!close_seen_ && !broken_ && !stream_.expired()) {
        const Result<Message> dropped = co_await read();
        if (!dropped) break;
    }
    stream_.no_limit();
}

}  // namespace berth::http

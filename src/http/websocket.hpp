#pragma once
/// WebSocket frames (RFC 6455) over an upgraded connection, server side. No extensions.

#include <memory>
#include <string>
#include <string_view>

#include "http/deadlines.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"

namespace berth::http {

inline constexpr std::size_t websocket_message_bytes_max = 64 << 10;
/// The close code "Service Restart" (IANA's registry, after RFC 6455): come again and go on.
inline constexpr std::uint16_t websocket_restart = 1012;

struct WebSocketLimits {
    std::chrono::milliseconds ping_every{20'000};
    std::chrono::milliseconds silence_max{60'000};
    std::chrono::milliseconds write_limit{30'000};
    std::chrono::milliseconds close_limit{2'000};
};

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key; "" if the key is not 16 bytes of base64.
std::string websocket_accept(std::string_view key);

/// The stream and the deadlines must outlive the socket.
class FramedWebSocket final : public WebSocket, private Expiring {
public:
    FramedWebSocket(Stream& stream, Deadlines& deadlines, WebSocketLimits limits);

    Task<Result<Message>> read() override;
    Task<bool> send_text(std::string_view text) override;
    Task<bool> send_binary(std::string_view bytes) override;
    Task<> close(std::uint16_t code, std::string_view reason) override;
    /// Says that we start again and that the peer may come back; the conversation ends when it
    /// agrees.
    void say_restart() { send_close(websocket_restart, {}); }

private:
    struct Frame;
    struct Writing;
    enum class Taken { message, nothing, more, closed };

    void expire() override;
    Result<bool> next_frame(Frame& frame);
    Taken take(const Frame& frame, Message& message);
    Taken take_control(const Frame& frame);
    Taken give_up(std::uint16_t code, std::string_view reason);
    void send_control(std::uint8_t opcode, std::string_view payload);
    void send_close(std::uint16_t code, std::string_view reason);
    Task<bool> send(std::uint8_t opcode, std::string_view payload);
    Task<bool> write_all(std::string_view head, std::string_view payload);
    bool is_closing() const { return close_sent_ || broken_; }

    Stream& stream_;
    Deadlines& deadlines_;
    WebSocketLimits limits_;
    std::string pending_{};  // control frames that wait for the writer or the kernel
    std::string partial_{};  // a fragmented message so far
    bool partial_binary_ = false;
    bool in_message_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool close_sent_ = false;
    bool close_seen_ = false;
    bool broken_ = false;
    bool too_large_ = false;
    std::uint64_t heard_bytes_ = 0;
    std::int64_t heard_ms_ = 0;
};

}  // namespace berth::http

#pragma once
/// For tests only: what both ends of a WebSocket say, made by hand.

#include <string>

#include "http/websocket.hpp"

namespace berth::edge::testing_support {

inline const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";

inline std::string hello(const std::string& fields = "", const std::string& target = "/socket") {
    return "GET " + target +
           " HTTP/1.1\r\nHost: berth.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
           key + "\r\n" + fields + "\r\n";
}

inline std::string switched(const std::string& fields = "") {
    return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Accept: " +
           http::websocket_accept(key) + "\r\n" + fields + "\r\n";
}

enum class Masked { no, yes };

struct Frame {
    unsigned first = 0x82;  // FIN, RSV and opcode
    std::string payload{};
    unsigned size_bytes = 0;  // 0: as few as serve
};

/// Bytes of every value, the same each time.
inline std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1'664'525 + 1'013'904'223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

inline std::string encode(const Frame& frame, Masked masked) {
    const std::size_t size = frame.payload.size();
    unsigned width = frame.size_bytes;
    if (width == 0) width = size < 126 ? 1 : size < 65'536 ? 2 : 8;
    const unsigned mask_bit = masked == Masked::yes ? 0x80 : 0;
    std::string bytes;
    bytes += static_cast<char>(frame.first);
    bytes += static_cast<char>(mask_bit | (width == 1 ? size : width == 2 ? 126 : 127));
    for (unsigned at = width == 1 ? 0 : width; at > 0; --at)
        bytes += static_cast<char>(size >> (8 * (at - 1)));
    if (masked == Masked::no) return bytes + frame.payload;
    constexpr std::string_view mask = "\x5a\x01\xfe\x80";
    bytes += mask;
    for (std::size_t at = 0; at < size; ++at)
        bytes += static_cast<char>(frame.payload[at] ^ mask[at % 4]);
    return bytes;
}

inline std::string close_payload(unsigned code, const std::string& reason) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + reason;
}

}  // namespace berth::edge::testing_support

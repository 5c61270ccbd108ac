#pragma once
/// Where WebSocket frames (RFC 6455 §5.2) begin and end in a stream of bytes that passes by. What
/// they carry is not read, and nothing is judged: a stream of other bytes has frames too,
/// somewhere.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::edge {

class FrameTrack {
public:
    /// Takes the bytes that come next, up to the end of the frame that they are of. Returns how
    /// many: all of them when it does not end in them, 0 for none.
    std::size_t take_frame(std::string_view bytes);
    void take(std::string_view bytes);

    /// Whether the next byte begins a frame: here a control frame may be put in, between the
    /// fragments of a message too (§5.4).
    bool is_at_boundary() const { return head_.empty(); }
    /// Whether a whole close frame has passed: nothing may follow it.
    bool is_closed() const { return closed_; }

private:
    bool take_head(char byte);

    std::string head_{};  // of the frame under way, as far as it has come
    bool head_whole_ = false;
    std::uint64_t left_ = 0;  // of its payload
    bool closed_ = false;
};

}  // namespace berth::edge

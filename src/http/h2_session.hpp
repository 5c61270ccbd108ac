#pragma once
/// The server side of one HTTP/2 connection (RFC 9113, through nghttp2), without a socket: bytes
/// from the wire go in, requests come out; answers go in, bytes for the wire come out.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2_request.hpp"

namespace berth::http {

struct H2Limits {
    std::uint32_t streams_max = 128;           // at a time
    std::size_t header_bytes_max = 64 << 10;   // of one header block as sent, over all its frames
    unsigned dear_frames_max = 200;            // see H2Guard
    std::int32_t connection_window = 1 << 20;  // of bodies that are received, all streams together
};

/// What is sent as a stream's body, piece by piece, as the client has room for it.
class H2Body {
public:
    virtual ~H2Body() = default;
    struct Piece {
        std::size_t bytes = 0;  // 0 and not over: nothing yet; H2Session::resume() asks again
        bool over = false;
        bool broken = false;  // the stream is reset
    };
    virtual Piece read(std::span<char> into) = 0;
};

class H2Session {
public:
    using Field = std::pair<std::string_view, std::string_view>;  // name in lower case

    /// Called while bytes are received. A stream may be answered at once, or later.
    class Handler {
    public:
        virtual ~Handler() = default;
        /// `whole`: no body follows.
        virtual void on_request(std::int32_t stream, const H2Request& request, bool whole) = 0;
        /// Give what was taken back with consume(), or no more will come.
        virtual void on_body(std::int32_t stream, std::string_view bytes) = 0;
        virtual void on_body_end(std::int32_t stream) = 0;
        /// Sent whole, or reset by either side.
        virtual void on_closed(std::int32_t stream) = 0;
    };

    /// `handler` must outlive the session. Throws: std::bad_alloc.
    H2Session(Handler& handler, const H2Limits& limits);
    H2Session(const H2Session&) = delete;
    ~H2Session();

    /// Takes bytes, cut anywhere. False: the connection has to end; what produce() still gives says
    /// why.
    bool receive(std::string_view bytes);

    /// Appends to `out` what is to be sent, until it holds about `bytes_max` bytes.
    /// False: broken.
    bool produce(std::string& out, std::size_t bytes_max);

    /// Answers a stream; what of its request's body is not here when all is sent, is refused.
    /// `body`: null for none. Nothing happens when the stream is gone.
    void respond(std::int32_t stream, unsigned status, std::span<const Field> fields,
                 std::unique_ptr<H2Body> body);
    /// Its body has more, or is over.
    void resume(std::int32_t stream);
    /// Ends a stream that broke.
    void reset(std::int32_t stream);
    void consume(std::int32_t stream, std::size_t bytes);

    /// Says that no more requests are taken: first as a notice, so that those on their way are
    /// served, then for good (RFC 9113 §6.8).
    void announce_end();
    /// Whether the client has seen the notice: what it sent before that is here.
    bool notice_arrived() const;
    void go_away();

    /// Nothing more will be sent or received.
    bool is_over() const;
    std::size_t open_streams() const;
    /// Whether a header block or a frame was begun and not ended.
    bool is_mid_frame() const;

private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

/// What a client that begins with HTTP/2 sends first.
inline constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace berth::http

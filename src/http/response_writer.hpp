#pragma once
/// Sends one response over a connection. Heads are built by appending only; a field whose value
/// would break the head is left out and logged.

#include <string>

#include "http/message.hpp"
#include "http/stream.hpp"

namespace berth::http {

/// What the request means for how the response is sent.
struct Terms {
    bool http_1_1 = true;
    bool head_only = false;
    bool keep_alive = true;
};

struct Sent {
    bool whole = false;       // all of it is with the kernel
    bool keep_alive = false;  // its framing lets the connection live on
};

/// Not for SocketBody. Throws what a StreamBody throws, after the head.
Task<Sent> write_response(Stream& stream, Response& response, Terms terms,
                          std::chrono::milliseconds write_limit);

/// "Sun, 06 Nov 1994 08:49:37 GMT"; the text is kept for the second.
std::string_view http_date();

/// The status line and the fields, without framing fields and the blank line.
std::string head_text(unsigned status, const Headers& headers);

}  // namespace berth::http

#pragma once
/// The HTTP/1.1 server of the api (behind the edge, over a unix socket; in tests over TCP). It
/// uses the strict head parser of http/head_parser.hpp, as the edge does.

#include <chrono>
#include <cstddef>
#include <functional>

#include "base/file.hpp"
#include "http/message.hpp"

namespace berth::http {

struct ServerLimits {
    std::size_t connections_max = 4096;
    std::size_t body_bytes_max = 1 << 20;  // for routes that buffer; over it: 413
    std::chrono::milliseconds head_limit{10'000};
    std::chrono::milliseconds idle_limit{60'000};
    std::chrono::milliseconds body_limit{60'000};  // a buffered body must be there by then
};

/// What the server asks before it reads a body: buffer it (up to how many bytes) or stream it.
struct BodyPlan {
    bool stream = false;
    std::size_t bytes_max = 1 << 20;
};
using PlanBody = std::function<BodyPlan(const Request& head)>;

/// Serves on a listening socket (unix or TCP) until canceled, then lets open requests end for at
/// most 5 s; streams that only follow (events, NDJSON) end as whole answers, WebSockets are closed
/// with 1012, and a connection that waits has a moment for one more request. A peer on a unix
/// socket is trusted to say who it speaks for: `X-Berth-Peer`, `X-Berth-Secure` set `peer` and
/// `secure`, and are removed.
Task<> serve(Fd listening, Answer answer, PlanBody plan, ServerLimits limits);

}  // namespace berth::http

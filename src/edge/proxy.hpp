#pragma once
/// Passes the platform's requests on to the api over its unix socket, streamed both ways with
/// back-pressure; WebSockets become a tunnel after a real 101. When the api is gone the visitor is
/// told so, and the edge lives on.

#include "edge/loop.hpp"
#include "edge/passing.hpp"
#include "http/body_reader.hpp"

namespace berth::edge {

/// The loop's scratch holds the parsed head, which is the first `head_bytes` of what the
/// connection has buffered.
Task<After> pass_on(Connection& connection, std::size_t head_bytes);

/// One try on one upstream connection. Nothing: the connection was stale; try another.
Task<std::optional<After>> exchange(Connection& connection, const Passing& passing,
                                    http::BodyReader& body, UpstreamPool::Lent lent);

}  // namespace berth::edge

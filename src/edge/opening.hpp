#pragma once
/// What comes before the first request: whom a balancer says it speaks for, and TLS.

#include "edge/loop.hpp"

namespace berth::edge {

/// False: there will be no request. Within the handshake limit.
Task<bool> open_connection(Connection& connection);

/// Whether the visitor speaks HTTP/2: agreed upon in TLS, or begun with in the clear where that is
/// allowed. Waits for the first bytes in the latter case.
Task<bool> speaks_h2(Connection& connection);

}  // namespace berth::edge

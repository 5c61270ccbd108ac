#pragma once
/// What comes before the first request: whom a balancer says it speaks for, and TLS.

#include "edge/loop.hpp"

namespace berth::edge {

/// False: there will be no request. Within the handshake limit.
Task<bool> open_connection(Connection& connection);

}  // namespace berth::edge

#pragma once
/// The way back: the api's answer to the visitor, piece by piece as it comes, or as a tunnel.

#include "edge/passing.hpp"
#include "edge/upstream.hpp"

namespace berth::edge {

/// Waits for a final head, over interim ones, and returns its size. 0: the api went away, stayed
/// silent, or made no sense; or the visitor has gone.
Task<std::size_t> wait_for_reply(Connection& connection, http::Stream& upstream, ReplyHead& reply);

/// `reply` views the first `head_bytes` of what the upstream has buffered. An upstream connection
/// that is clean afterwards goes back to the pool.
Task<After> relay_reply(Connection& connection, const Passing& passing, bool request_is_whole,
                        UpstreamPool::Lent lent, const ReplyHead& reply, std::size_t head_bytes);

}  // namespace berth::edge

#pragma once
/// A rewrite to another address: the request goes there, its answer comes back, streamed both ways
/// with back-pressure, as with the api. No credential of Berth's is sent, no private address is
/// reached, and a rewrite that comes round again ends.

#include <memory>
#include <string>
#include <vector>

#include "edge/loop.hpp"
#include "edge/request_path.hpp"

namespace berth::edge {

/// The loop's scratch holds the parsed head, the first `head_bytes` of what is buffered.
Task<After> pass_elsewhere(Connection& connection, std::size_t head_bytes, Step step);

}  // namespace berth::edge

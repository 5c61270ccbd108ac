#pragma once
/// The frames of `berth.log.v1` (docs/architecture.md §7): a 16-byte little-endian head
/// {version u8, type u8, topic u16, count u32, first u64}, then `count` lines of
/// {delta_ms u32, stream u8, level u8, step u16, length u32, bytes}; state and end frames carry
/// `count` bytes of JSON instead.

#include <cstdint>
#include <string>

#include "logs/log_store.hpp"

namespace berth::api {

enum class FrameType : std::uint8_t { lines = 1, replace = 2, gap = 3, state = 4, end = 5 };

/// Lines that follow each other; `begin_ms` is what delta_ms counts from.
std::string lines_frame(FrameType type, const std::vector<logs::NumberedLine>& lines,
                        std::int64_t begin_ms);
std::string text_frame(FrameType type, std::int64_t next, const std::string& json);

/// The same lines as JSON for event streams: {"first":N,"lines":[[delta,stream,level,step,text]…]}.
std::string lines_json(const std::vector<logs::NumberedLine>& lines, std::int64_t begin_ms);

/// One line of application/x-ndjson, with its line end.
std::string line_ndjson(const logs::NumberedLine& line);

}  // namespace berth::api

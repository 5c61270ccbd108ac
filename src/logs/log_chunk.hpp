#pragma once
/// How a log is stored: for the .cpp files of this room.

#include <string>

#include "base/file.hpp"
#include "base/json.hpp"

namespace berth::logs {

/// Some lines that were appended together.
struct Chunk {
    std::int64_t first = 0;
    std::int64_t lines = 0;
    std::string bytes{};
    std::int64_t place = 0;   // in the archive
    std::int64_t length = 0;  // in the archive; 0 while the bytes are here
};
BOOST_DESCRIBE_STRUCT(Chunk, (), (first, lines, bytes, place, length))

/// The object that an ended log is archived as.
std::string log_key(const std::string& deployment);

/// Throws: std::system_error — the archive is shorter, or cannot be read.
std::string read_piece(const Fd& archive, const Chunk& chunk);

}  // namespace berth::logs

#pragma once
/// Several ranges of one file as `multipart/byteranges` (RFC 9110 §14.6): what stands around each
/// range. The bytes themselves go from the file to the connection.

#include <cstdint>
#include <string>
#include <vector>

#include "edge/ranges.hpp"

namespace berth::edge {

struct Multipart {
    std::string boundary{};  // that the file does not have
    std::string type{};      // the file's own; "": not said
    std::uint64_t whole_bytes = 0;
    std::vector<Range> ranges{};
};

/// The value of Content-Type.
std::string multipart_type(const Multipart& parts);
/// What goes before a range, with the line that ends the one before.
std::string part_head(const Multipart& parts, const Range& range);
/// What goes behind the last one.
std::string closing_line(const Multipart& parts);
/// Of the whole body.
std::uint64_t body_bytes(const Multipart& parts);

/// "bytes 0-1/14"
std::string content_range(const Range& range, std::uint64_t whole_bytes);

}  // namespace berth::edge

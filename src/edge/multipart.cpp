#include "edge/multipart.hpp"

namespace berth::edge {

std::string multipart_type(const Multipart& parts) {
    return "multipart/byteranges; boundary=" + parts.boundary;
}

std::string part_head(const Multipart& parts, const Range& range) {
    std::string head = "\r\n--" + parts.boundary + "\r\n";
    if (!parts.type.empty()) head.append("content-type: ").append(parts.type).append("\r\n");
    head.append("content-range: ").append(content_range(range, parts.whole_bytes));
    return head + "\r\n\r\n";
}

std::string closing_line(const Multipart& parts) {
    return "\r\n--" + parts.boundary + "--\r\n";
}

std::uint64_t body_bytes(const Multipart& parts) {
    std::uint64_t bytes = closing_line(parts).size();
    for (const Range& range : parts.ranges)
        bytes += part_head(parts, range).size() + range.bytes;
    return bytes;
}

std::string content_range(const Range& range, std::uint64_t whole_bytes) {
    return fmt::format("bytes {}-{}/{}", range.offset, range.end() - 1, whole_bytes);
}

}  // namespace berth::edge

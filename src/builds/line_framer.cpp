#include "builds/line_framer.hpp"

#include <algorithm>

namespace berth::builds {
namespace {

/// The length of the valid UTF-8 character at the front of `text`, or 0. Source: RFC 3629 §4.
std::size_t character_bytes(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && at(1) < 0xa0;
        const bool surrogate = first == 0xed && at(1) > 0x9f;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && at(1) < 0x90;
        const bool beyond = first == 0xf4 && at(1) > 0x8f;
        return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::string repair_utf8(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t length = character_bytes(bytes);
        if (length == 0) {
            result += "\xef\xbf\xbd";
            bytes.remove_prefix(1);
        } else {
            result += bytes.substr(0, length);
            bytes.remove_prefix(length);
        }
    }
    return result;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u)
        --end;
    return text.substr(0, end);
}

void LineFramer::add(std::string_view bytes) {
    const std::size_t room = max_ - std::min(max_, line_.bytes.size());
    line_.bytes += bytes.substr(0, room);
    if (bytes.size() > room) line_.cut_bytes += bytes.size() - room;
}

FramedLine LineFramer::take() {
    FramedLine line = std::move(line_);
    line_ = {};
    returned_ = false;
    return line;
}

std::optional<FramedLine> LineFramer::next(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (returned_ && bytes.front() != '\n' && bytes.front() != '\r') {
            line_ = {};
            returned_ = false;
        }
        const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
        add(bytes.substr(0, end));
        bytes.remove_prefix(end);
        if (bytes.empty()) break;
        const char ended_by = bytes.front();
        bytes.remove_prefix(1);
        if (ended_by == '\n') return take();
        returned_ = true;
    }
    return std::nullopt;
}

std::optional<FramedLine> LineFramer::open() const {
    if (line_.bytes.empty()) return std::nullopt;
    return line_;
}

std::optional<FramedLine> LineFramer::finish() {
    if (line_.bytes.empty() && line_.cut_bytes == 0) return std::nullopt;
    return take();
}

}  // namespace berth::builds

#include "api/side_band.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace berth::api {
namespace {

constexpr std::size_t length_digits = 4;
constexpr std::size_t line_bytes_max = 900;  // also of a client whose packets have 1,000 bytes
constexpr char progress_band = '\2';

/// The four digits before a packet; nothing: they are none.
std::optional<std::size_t> length_of(std::string_view text) {
    std::size_t length = 0;
    const char* end = text.data() + length_digits;
    const auto [stopped, bad] = std::from_chars(text.data(), end, length, 16);
    if (bad != std::errc{} || stopped != end) return std::nullopt;
    return length;
}

}  // namespace

std::string SideBandTail::pass(std::string_view piece) {
    held_ += piece;
    ended_ = false;
    std::size_t whole = 0;
    while (!passing_ && held_.size() - whole >= length_digits) {
        const std::string_view rest = std::string_view(held_).substr(whole);
        const std::optional<std::size_t> length = length_of(rest);
        if (!length || (*length != 0 && *length < length_digits)) {
            passing_ = true;
            break;
        }
        if (*length == 0) {  // the flush: the last one is the end
            if (rest.size() > length_digits) {
                whole += length_digits;
                continue;
            }
            ended_ = true;
            break;
        }
        if (rest.size() < *length) break;
        if (*length > length_digits) {
            const char band = rest[length_digits];
            banded_ = band >= '\1' && band <= '\3';
        }
        whole += *length;
    }
    if (passing_) whole = held_.size();
    std::string sent = held_.substr(0, whole);
    held_.erase(0, whole);
    return sent;
}

std::string SideBandTail::end() {
    return std::exchange(held_, {});
}

std::string remote_line(std::string_view text) {
    std::string line(text.substr(0, line_bytes_max));
    for (char& c : line) {
        const auto code = static_cast<unsigned char>(c);
        if ((code < 0x20 && c != '\n') || code == 0x7f) c = ' ';
    }
    if (!line.ends_with('\n')) line += '\n';
    return fmt::format("{:04x}{}{}", line.size() + length_digits + 1, progress_band, line);
}

}  // namespace berth::api

#include "edge/frame_track.hpp"

#include <algorithm>

namespace berth::edge {

namespace {

constexpr std::uint8_t closing = 8;
constexpr std::size_t mask_bytes = 4;

}  // namespace

/// Whether the head is whole with it; then `left_` is the payload's size.
bool FrameTrack::take_head(char byte) {
    head_.push_back(byte);
    if (head_.size() < 2) return false;
    const auto at = [&](std::size_t index) { return static_cast<std::uint8_t>(head_[index]); };
    const unsigned size = at(1) & 0x7fU;
    const std::size_t width = size < 126 ? 0 : size == 126 ? 2 : 8;
    const bool masked = (at(1) & 0x80U) != 0;
    if (head_.size() < 2 + width + (masked ? mask_bytes : 0)) return false;
    left_ = width == 0 ? size : 0;
    for (std::size_t index = 0; index < width; ++index)
        left_ = left_ << 8U | at(2 + index);
    return true;
}

std::size_t FrameTrack::take_frame(std::string_view bytes) {
    std::size_t taken = 0;
    while (!head_whole_ && taken < bytes.size())
        head_whole_ = take_head(bytes[taken++]);
    if (!head_whole_) return taken;
    const std::uint64_t payload = std::min<std::uint64_t>(left_, bytes.size() - taken);
    left_ -= payload;
    if (left_ == 0) {
        closed_ = closed_ || (static_cast<std::uint8_t>(head_[0]) & 0x0fU) == closing;
        head_.clear();
        head_whole_ = false;
    }
    return taken + static_cast<std::size_t>(payload);
}

void FrameTrack::take(std::string_view bytes) {
    while (!bytes.empty())
        bytes.remove_prefix(take_frame(bytes));
}

}  // namespace berth::edge

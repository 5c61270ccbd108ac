#include "http/h2_guard.hpp"

#include <algorithm>
#include <cstring>

namespace berth::http {

namespace {

// RFC 9113 §6
constexpr unsigned data = 0;
constexpr unsigned headers = 1;
constexpr unsigned goaway = 7;
constexpr unsigned continuation = 9;
constexpr unsigned acknowledges = 0x1;
constexpr unsigned settings = 4;
constexpr unsigned ping = 6;
constexpr unsigned ends_stream = 0x1;
constexpr unsigned ends_headers = 0x4;

constexpr double back_per_ms = 0.01;
constexpr double back_per_byte = 1.0 / 4'096;

}  // namespace

H2Guard::H2Guard(unsigned frames_max, std::size_t header_bytes_max, std::int64_t now_ms)
    : left_(frames_max),
      most_(frames_max),
      header_bytes_max_(header_bytes_max),
      refilled_ms_(now_ms) {}

bool H2Guard::spend() {
    left_ -= 1;
    return left_ >= 0;
}

bool H2Guard::reset_provoked() {
    return spend();
}

void H2Guard::sent(std::size_t bytes) {
    left_ = std::min(most_, left_ + static_cast<double>(bytes) * back_per_byte);
}

/// Judges the frame whose head is whole.
bool H2Guard::begin_frame(bool crowded) {
    const std::size_t length = std::size_t{head_[0]} << 16 | std::size_t{head_[1]} << 8 | head_[2];
    const unsigned type = head_[3];
    const unsigned flags = head_[4];
    payload_left_ = length;
    head_bytes_ = 0;
    switch (type) {
        case data:
            return length > 0 || (flags & ends_stream) != 0 || spend();
        case headers:
        case continuation: {
            header_bytes_ = type == headers ? length : header_bytes_ + length;
            if (header_bytes_ > header_bytes_max_) return false;
            const bool dear =
                type == continuation || crowded || (length == 0 && (flags & ends_headers) == 0);
            return !dear || spend();
        }
        case settings:
        case ping:
            return (flags & acknowledges) != 0 || spend();
        case goaway:
            return true;
        default:  // RST_STREAM, PRIORITY, WINDOW_UPDATE, and what nobody knows
            return spend();
    }
}

bool H2Guard::receive(std::string_view bytes, bool crowded, std::int64_t now_ms) {
    const std::int64_t passed = std::max<std::int64_t>(0, now_ms - refilled_ms_);
    refilled_ms_ = now_ms;
    left_ = std::min(most_, left_ + static_cast<double>(passed) * back_per_ms);
    while (!bytes.empty()) {
        if (payload_left_ > 0) {
            const std::size_t gone = std::min(payload_left_, bytes.size());
            payload_left_ -= gone;
            bytes.remove_prefix(gone);
            continue;
        }
        const std::size_t wanted = std::min(sizeof head_ - head_bytes_, bytes.size());
        std::memcpy(head_ + head_bytes_, bytes.data(), wanted);
        head_bytes_ += wanted;
        bytes.remove_prefix(wanted);
        if (head_bytes_ == sizeof head_ && !begin_frame(crowded)) return false;
    }
    return true;
}

}  // namespace berth::http

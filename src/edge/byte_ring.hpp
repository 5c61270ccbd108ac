#pragma once
/// A bounded queue of bytes from one thread to one other, without a lock: a loop puts whole lines
/// in, the thread that writes takes everything out. What does not fit is refused, never waited for.

#include <atomic>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace berth::edge {

class ByteRing {
public:
    explicit ByteRing(std::size_t bytes_max) : bytes_(bytes_max) {}

    /// All of `piece`, or nothing: false when there is no room. From the one thread that fills.
    bool push(std::string_view piece) {
        const std::size_t end = end_.load(std::memory_order_relaxed);
        const std::size_t begin = begin_.load(std::memory_order_acquire);
        if (piece.size() > bytes_.size() - (end - begin)) return false;
        const std::size_t at = end % bytes_.size();
        const std::size_t first = std::min(piece.size(), bytes_.size() - at);
        std::memcpy(bytes_.data() + at, piece.data(), first);
        std::memcpy(bytes_.data(), piece.data() + first, piece.size() - first);
        end_.store(end + piece.size(), std::memory_order_release);
        return true;
    }

    /// Appends all there is. From the one thread that empties.
    void take(std::string& into) {
        const std::size_t begin = begin_.load(std::memory_order_relaxed);
        const std::size_t end = end_.load(std::memory_order_acquire);
        const std::size_t at = begin % bytes_.size();
        const std::size_t first = std::min(end - begin, bytes_.size() - at);
        into.append(bytes_.data() + at, first);
        into.append(bytes_.data(), end - begin - first);
        begin_.store(end, std::memory_order_release);
    }

private:
    std::vector<char> bytes_;
    // Ever growing; the place is the remainder. They wrap after 2^64 bytes.
    std::atomic<std::size_t> begin_ = 0;
    std::atomic<std::size_t> end_ = 0;
};

}  // namespace berth::edge

#include "worker/backoff.hpp"

#include <algorithm>

#include "base/crypto.hpp"

namespace berth::worker {

std::chrono::milliseconds Backoff::next() {
    const std::chrono::milliseconds step = next_;
    next_ = std::min(next_ * 2, longest_);
    std::array<std::uint8_t, 1> chance{};
    random_fill(chance);
    return step / 2 + step * chance[0] / 510;
}

}  // namespace berth::worker

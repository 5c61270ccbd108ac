#include "objects/s3_retry.hpp"

#include <algorithm>

namespace berth::objects {

std::chrono::milliseconds retry_pause(const S3RetryPolicy& policy, unsigned failed,
                                      std::uint64_t random) {
    const auto doublings = std::min(failed > 0 ? failed - 1 : 0, 20U);
    const std::int64_t longest =
        std::min(policy.pause_first.count() << doublings, policy.pause_max.count());
    const auto steps = static_cast<std::uint64_t>(std::max<std::int64_t>(longest, 0)) + 1;
    return std::chrono::milliseconds(static_cast<std::int64_t>(random % steps));
}

bool S3RetryBudget::spend() {
    int left = left_;
    while (left >= cost) {  // ends when nobody else changed it meanwhile, or it is spent
        if (left_.compare_exchange_weak(left, left - cost)) return true;
    }
    return false;
}

void S3RetryBudget::earn() {
    int left = left_;
    while (left < full && !left_.compare_exchange_weak(left, left + 1)) {
    }
}

}  // namespace berth::objects

#pragma once
/// When a request to S3 is sent again, and when not.

#include <atomic>
#include <chrono>
#include <cstdint>

namespace berth::objects {

struct S3RetryPolicy {
    unsigned attempts_max = 5;
    std::chrono::milliseconds pause_first{100};
    std::chrono::milliseconds pause_max{5'000};
};

/// The pause after the `failed`th attempt (from 1): full jitter, that is anything from 0 to
/// `pause_first` doubled `failed` - 1 times, at most `pause_max`. `random` is any number.
std::chrono::milliseconds retry_pause(const S3RetryPolicy& policy, unsigned failed,
                                      std::uint64_t random);

/// What all requests of a store may spend on second attempts, so that a store in trouble is not
/// asked several times as much as one that is well: a retry costs five, a success earns one back.
class S3RetryBudget {
public:
    /// False: spent.
    bool spend();
    void earn();

private:
    static constexpr int full = 100;
    static constexpr int cost = 5;
    std::atomic<int> left_ = full;
};

}  // namespace berth::objects
